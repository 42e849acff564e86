"""What things are made of: attenuation, spectra, densities, each with its source."""
