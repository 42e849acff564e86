"""A case as a film: the script (`cues`), what a frame looks like (`sheet`, `reel`), and the file (`files`)."""
