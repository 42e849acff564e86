"""Where to go: corridors from skin to disc."""
