"""The disc as voxels: tissue, pressure, contrast, removal."""
