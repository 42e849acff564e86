"""The parametric phantom: a lumbar spine in a trunk, built from a specification (`spec`) by `build`."""
