"""Where to go: corridors from the skin into a disc."""

from dekomp_sim.planning.corridor import posterolateral
from dekomp_sim.planning.trajectory import Rejection, Trajectory

__all__ = ["Rejection", "Trajectory", "posterolateral"]
