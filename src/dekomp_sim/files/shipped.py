"""The phantoms and scenarios that come with the package, in a wheel or in a checkout."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Literal

from dekomp_sim.errors import InputError

Kind = Literal["phantoms", "phantoms/physical", "scenarios"]


def shipped(kind: Kind, name: str) -> Path:
    """The file of a phantom or scenario that comes with the package, by its name with or without `.yaml`.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    wanted = name.removesuffix(".yaml")
    names = shipped_names(kind)
    if wanted not in names:
        close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.4)
        remedy = f"The nearest is {close[0]}" if close else "Give a path to use a file of your own"
        raise InputError(f"shipped {kind}", name, ", ".join(names) or "none", remedy)
    return _folder(kind) / f"{wanted}.yaml"


def shipped_names(kind: Kind) -> tuple[str, ...]:
    """Names of all the phantoms or scenarios that come with the package."""
    return tuple(sorted(file.stem for file in _folder(kind).glob("*.yaml")))


def _folder(kind: Kind) -> Path:
    """In a wheel the folders lie inside the package; in a checkout beside `src`."""
    inside = Path(__file__).parents[1] / kind
    return inside if inside.is_dir() else Path(__file__).parents[3] / kind
