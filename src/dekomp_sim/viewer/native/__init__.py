"""A case in a plain PyVista window, by keyboard alone: for machines without a browser, and a second way in."""
