"""Dose: per exposure, on the skin, to the staff."""
