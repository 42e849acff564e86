"""The C-arm in the case: views, the pedal, pictures and dose read off it."""
