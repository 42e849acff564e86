"""Imported by the fork server and by nobody else: what a worker needs, read before it is forked.

A fork server offers nothing but imports, so this one module does something when it is imported.
"""

from __future__ import annotations

from contextlib import suppress

from dekomp_sim.sweep.forking import without_collector

with without_collector():
    import distributed  # noqa: F401 - a worker's own

    from dekomp_sim.sweep.performing import make_ready

    with suppress(Exception):  # whatever is wrong here, a worker meets it again and tells it
        make_ready()
