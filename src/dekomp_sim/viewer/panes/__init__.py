"""Pictures for the screens as plain arrays: live fluoroscopy, CT planes, the disc from near, gauges and strips.

NumPy and Pillow only: no window, no VTK, no web. Every picture says that it is simulated.
"""
