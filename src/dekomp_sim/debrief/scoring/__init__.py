"""How a case is marked, how a learner comes along, and what a human assessor enters."""
