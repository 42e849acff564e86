"""The machine: brightness control, collimator, reach and collisions."""
