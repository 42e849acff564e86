"""One case on the page: its session, its pictures, its knobs and pointer, its words."""
