"""From grams per cm2 to what the panel reads: spectrum, scatter, grid, light, noise, lag."""
