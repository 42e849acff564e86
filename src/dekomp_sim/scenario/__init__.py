"""Which story: a script of actions and the player."""
