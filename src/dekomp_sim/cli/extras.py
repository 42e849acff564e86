"""Libraries that only some commands need: whether they are installed, before anything else is begun."""

from __future__ import annotations

from importlib.util import find_spec

from dekomp_sim.errors import InputError


def needed(*libraries: str, extra: str) -> None:
    """See that libraries are there.

    Raises
    ------
    InputError
        If one is not, with the command that installs it.

    Examples
    --------
    >>> needed("no_such_library", extra="sweep")
    Traceback (most recent call last):
    dekomp_sim.errors.InputError: this installation: found no library no_such_library; allowed: the extra sweep. ...
    """
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        remedy = f"pip install 'dekomp-sim[{extra}]'"
        raise InputError("this installation", f"no library {', '.join(missing)}", f"the extra {extra}", remedy)
