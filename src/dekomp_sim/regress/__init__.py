"""Regression scenes: a scenario played again must leave the state, and the pictures, that it left before."""
