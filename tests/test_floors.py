"""The building, drawn in one test: which room looks down on which, and which room may import which library."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "dekomp_sim"

FLOORS = {
    "units": 0, "errors": 0, "arrays": 0,
    "matter": 1, "geometry": 1,
    "anatomy": 2,
    "disc": 3, "instruments": 3,
    "imaging": 4, "planning": 4,
    "procedure": 5,
    "scenario": 6, "files": 6,
    "debrief": 7,
    "validation": 7,  # asks every room below it for its published numbers, and knows no case, report or scene
    "viewer": 8,
    "regress": 8,  # plays scenarios and compares what they leave; beside the screens, of which it needs none
    "records": 8,  # keeps what debriefs found; pages of learners stand on the debrief's definitions and looks
    "sweep": 8,  # plays, measures and keeps many cases
    "cli": 9,
    "__main__": 10,
}  # fmt: skip

LIBRARIES = {
    "numpy": set(FLOORS) - {"errors", "units", "__main__"},
    "scipy": {"anatomy", "planning", "imaging", "disc", "regress", "sweep"},  # sweep: Sobol points
    "numba": {"anatomy", "disc", "imaging", "instruments"},  # compiled kernels: phantom, removal, projector, courses
    "llvmlite": {"imaging"},  # the sweep's eight-lane loops are emitted by hand (imaging/projection/lanes.py)
    "SimpleITK": {"files"},  # volumes are opened in one room
    "pydicom": {"files"},
    "ruamel": {"files"},
    "platformdirs": {"files", "records"},  # where the cache and the records live
    "pydantic_core": {"files"},  # the validator itself, whose errors it explains
    "pydantic": {"files", "scenario", "procedure"},  # discriminators of unions; files validates with them
    "annotated_types": {"scenario", "procedure", "anatomy", "viewer", "debrief", "regress"},  # ranges in types; forms
    "PIL": {"imaging", "files", "viewer"},  # letters burned into pictures; PNG writing; panes and JPEG frames
    "trame_client": {"viewer"},  # the page in the browser
    "trame_server": {"viewer"},  # and what serves it
    "aiohttp": {"viewer"},  # the server beneath, where the Origin is checked
    "imageio_ffmpeg": {"viewer"},  # films
    "jinja2": {"debrief", "records", "regress", "sweep"},  # reports, pages of learners and of changes
    "markupsafe": {"debrief", "records", "sweep"},
    "matplotlib": {"debrief", "records", "sweep"},
    "sqlalchemy": {"records"},  # the database
    "alembic": {"records"},  # its migrations
    "dask": {"sweep"},  # its settings
    "distributed": {"sweep"},  # workers here and on clusters
    "pyarrow": {"sweep"},  # Parquet
    "pyvista": {"viewer"},
    "fast_simplification": {"viewer"},  # surfaces of a body with fewer triangles, closed where they were
    "vtkmodules": {"viewer", "files"},  # what PyVista does not wrap; surfaces of physical phantoms are read and filled
    "pytest": {"regress"},  # its plugin, which only pytest loads
    "typer": {"cli"},
    "rich": {"cli"},
}
"""Outside library -> rooms that may import it."""


def _room(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def _imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.append(node.module or "")
    return found


MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.name != "__init__.py" or path.parent != SOURCE)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_room_looks_down_never_up_never_sideways(path: Path) -> None:
    room = _room(path)
    for name in _imports(path):
        if name.startswith("dekomp_sim."):
            other = name.split(".")[1]
            assert other == room or FLOORS[other] < FLOORS[room], f"{path.name} ({room}) imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_outside_libraries_enter_only_where_the_list_says(path: Path) -> None:
    import sys

    room = _room(path)
    for name in _imports(path):
        top = name.split(".")[0]
        if top in sys.stdlib_module_names or top in {"dekomp_sim", "__future__"}:
            continue
        assert room in LIBRARIES.get(top, set()), f"{path.name} ({room}) imports {top}"
