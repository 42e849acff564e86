"""What is held: needles, trocar, probe, and how they go in."""
