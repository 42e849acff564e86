"""How databases of earlier schemas become today's; each step is kept for ever."""
