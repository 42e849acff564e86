"""What a teacher laid into a case: triggers that hint, ask, or let something go wrong, and gates before steps.

They are part of the case, so script, window and replay meet them alike.
"""
