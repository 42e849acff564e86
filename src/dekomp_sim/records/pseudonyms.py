"""Who a learner or an assessor is: a pseudonym, never a name."""

from __future__ import annotations

import re
from typing import Final

from dekomp_sim.errors import InputError

SHAPE: Final = re.compile(r"[A-Za-z]{1,12}[-_]?[0-9]{1,8}")
"""Letters, then digits: names and addresses have not this shape."""


def pseudonym(text: str, whose: str = "learner") -> str:
    """The text, where it is a pseudonym.

    Raises
    ------
    InputError
        If it looks like anything else, such as a name or an address.

    Examples
    --------
    >>> pseudonym("L017")
    'L017'
    """
    if SHAPE.fullmatch(text) is None:
        remedy = "Keep the list of who is who outside this program"
        raise InputError(whose, repr(text), "a pseudonym: letters, then digits, such as L017", remedy)
    return text
