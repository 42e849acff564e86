"""The PyVista scene."""
