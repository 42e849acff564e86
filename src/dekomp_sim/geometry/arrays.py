"""Old address of `dekomp_sim.arrays`."""

from dekomp_sim.arrays import *  # noqa: F403
