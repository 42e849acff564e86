"""What the console makes of a frame, and the letters on it."""
