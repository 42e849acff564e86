"""Commands about files: check a scenario, write a phantom, print a schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from dekomp_sim.anatomy.phantom.physical import PhysicalSpec
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.errors import DekompSimError
from dekomp_sim.files import phantom_patient, read_yaml, schema, shipped, write_volume
from dekomp_sim.files.shipped import Kind
from dekomp_sim.scenario.story import Story


def document(kind: Kind, name: str) -> Path:
    """The file a user means: a path, or the name of a shipped one.

    Raises
    ------
    InputError
        If it is neither.
    """
    path = Path(name)
    if path.exists() or path.suffix or path.parent != Path():
        return path
    return shipped(kind, name)


def check_scenarios(names: Sequence[str], say: Callable[[str], None], complain: Callable[[str], None]) -> bool:
    """Whether all scenarios are in order; says or complains for each."""
    in_order = True
    for name in names:
        try:
            path = document("scenarios", name)
            story = read_yaml(path, Story)
            shipped("phantoms", story.phantom)
        except DekompSimError as mistake:
            complain(str(mistake))
            in_order = False
        else:
            say(f"{path}: in order: {story.title}, {story.level} {story.side}, {len(story.steps)} steps")
    return in_order


def write_phantom(spec: str, out: Path) -> tuple[Path, ...]:
    """Build a phantom and write its volume and label map; the files written."""
    return write_volume(phantom_patient(document("phantoms", spec)), out)


def schema_text(kind: str) -> str:
    """JSON schema of a kind of file, as text."""
    kinds: dict[str, type] = {"scenario": Story, "phantom": PhantomSpec, "physical": PhysicalSpec}
    return json.dumps(schema(kinds[kind]), indent=2)
