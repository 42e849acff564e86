"""`python -m dekomp_sim` and the command `dekomp-sim`.

Every worker of a sweep imports this again, so it reads nothing before it is asked to.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main() -> None:
    """Run the command line.

    What takes longest of a sweep, its workers' libraries, is begun before the words are read: a fifth of a second.
    Where that was for nothing, as with a mistake in the words, the server sees the command end and ends too.
    """
    try:
        if _wants_workers(sys.argv[1:]):
            from dekomp_sim.sweep.forking import start_forkserver

            start_forkserver()
        from dekomp_sim.cli.app import main as command

        command()
    except KeyboardInterrupt:  # typed while libraries are read; later the command line answers it
        sys.exit(130)


def _wants_workers(words: Sequence[str]) -> bool:
    """Whether a command's words look as if they want workers of this machine.

    Examples
    --------
    >>> _wants_workers(["sweep", "obese", "-o", "out"]), _wants_workers(["sweep", "--help"]), _wants_workers(["run"])
    (True, False, False)
    """
    return words[:1] == ["sweep"] and not any(word.startswith(("--help", "--scheduler")) for word in words)


if __name__ == "__main__":
    main()
