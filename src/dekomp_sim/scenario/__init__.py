"""Which story: a script of actions and the player."""

from dekomp_sim.scenario.player import Played, opening, play, steps
from dekomp_sim.scenario.story import Objectives, Story, action_from, story_from

__all__ = ["Objectives", "Played", "Story", "action_from", "opening", "play", "steps", "story_from"]
