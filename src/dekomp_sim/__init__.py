"""dekomp_sim: a simulator of image-guided percutaneous lumbar discectomy. Not for clinical use."""

__version__ = "0.1.0"
