"""Finds the spine of a CT without a segmentation, by classical means, and says how sure it is."""
