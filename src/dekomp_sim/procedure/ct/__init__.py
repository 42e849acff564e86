"""The CT scanner in the case: couch, gantry, skin grid, acquisitions; pictures and dose read off them."""
