"""Which story: a script of actions and the player."""

from dekomp_sim.scenario.player import Played, opening, play, steps
from dekomp_sim.scenario.story import Objectives, Story

__all__ = ["Objectives", "Played", "Story", "opening", "play", "steps"]
