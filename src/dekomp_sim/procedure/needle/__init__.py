"""Needles, trocar and probe in the case: moved, met and worked with."""
