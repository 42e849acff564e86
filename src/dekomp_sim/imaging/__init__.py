"""What is seen: C-arm, projector, spectrum to detector, console, dose."""

from dekomp_sim.imaging.fluoroscope import Fluoroscope, Picture, Shot
from dekomp_sim.imaging.radiation.dose import Technique

__all__ = ["Fluoroscope", "Picture", "Shot", "Technique"]
