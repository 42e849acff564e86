"""Reading YAML: what was meant is read, whatever the layout; the rest is a mistake with its place, never a crash."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import Field
from ruamel.yaml import YAML

from dekomp_sim.errors import InputError, OutOfRangeError
from dekomp_sim.files import MistakesError, read_yaml, schema

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Where(StrEnum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Look:
    kv: Annotated[float, Ge(40.0), Le(125.0)]
    mas: Annotated[float, Gt(0.0)] | Literal["auto"] = "auto"
    do: Literal["look"] = "look"


@dataclass(frozen=True, slots=True)
class Push:
    to_mm: Annotated[float, Gt(0.0)]
    along: tuple[float, float, float] = (0.0, 0.0, 1.0)
    do: Literal["push"] = "push"


@dataclass(frozen=True, slots=True)
class Person:
    age: Annotated[int, Ge(0)] = 40
    side: Where = Where.LEFT

    def __post_init__(self) -> None:
        if self.age > 120:
            raise OutOfRangeError("age", str(self.age), "0 to 120")


@dataclass(frozen=True, slots=True)
class Tale:
    title: str
    steps: tuple[Annotated[Look | Push, Field(discriminator="do")], ...]
    person: Person
    doses: dict[Where, float] | None = None
    awake: bool = True


numbers = st.floats(0.5, 100.0).map(lambda value: round(value, 3))
steps = st.one_of(
    st.builds(Look, kv=st.floats(40.0, 125.0), mas=st.one_of(numbers, st.just("auto"))),
    st.builds(Push, to_mm=numbers, along=st.tuples(numbers, numbers, numbers)),
)
tales = st.builds(
    Tale,
    title=st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=20),
    steps=st.lists(steps, max_size=4).map(tuple),
    person=st.builds(Person, age=st.integers(0, 120), side=st.sampled_from(Where)),
    doses=st.none() | st.dictionaries(st.sampled_from(Where), numbers),
    awake=st.booleans(),
)


def written(tale: Tale, path: Path, flow: bool = False) -> Path:
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    out = StringIO()
    plain: dict[str, Any] = asdict(tale)
    plain["person"]["side"] = tale.person.side.value
    plain["steps"] = [{**step, "along": list(step["along"])} if "along" in step else step for step in plain["steps"]]
    if tale.doses is not None:
        plain["doses"] = {side.value: dose for side, dose in tale.doses.items()}
    yaml.dump(plain, out)
    # in flow style JSON, which YAML holds: ruamel's own writer leaves a title such as ":0" bare, which nobody reads
    path.write_text(json.dumps(plain, ensure_ascii=False) if flow else out.getvalue(), encoding="utf-8")
    return path


@quick
@given(tale=tales, flow=st.booleans())
def test_what_was_written_is_read_back_equal(tmp_path: Path, tale: Tale, flow: bool) -> None:
    assert read_yaml(written(tale, tmp_path / "a.yaml", flow), Tale) == tale


GOOD = """\
title: a case
person:
  age: 44
  side: left
steps:
  - do: look
    kv: 70
  - do: push
    to_mm: 3.5
    along: [0, 0, 1]
doses: {left: 1.5}
"""


@pytest.mark.parametrize(
    ("old", "new", "mistakes"),
    [
        ("title", "tilte", [":1:1: found no key title; allowed: title: text. Add title.",
                            ":1:1: found the key tilte; allowed: title, steps, person, doses, awake. The nearest is"]),
        ("age: 44", "age: -1", [":3:8: found age: -1; allowed: a whole number at least 0."]),
        ("age: 44", "age: 44.5", [":3:8: found age: 44.5; allowed: a whole number at least 0."]),
        ("age: 44", "age: true", [":3:8: found age: true; allowed: a whole number"]),
        ("  age: 44\n", "  aeg: 44\n", [":3:3: found the key aeg; allowed: age, side. The nearest is age."]),
        ("side: left", "side: lfet", [':4:9: found side: "lfet"; allowed: left or right. The nearest is left.']),
        ("side: left", "side:", [":4:3: found side: nothing; allowed: left or right."]),
        ("do: look", "do: lok", [":6:9: found do: lok; allowed: look, push. The nearest is look."]),
        ("do: look\n    ", "", [":6:5: found no key do; allowed: a mapping with do. Say with do what is meant."]),
        ("kv: 70", "kv: 700", [":7:9: found kv: 700; allowed: a number at least 40 and at most 125."]),
        ("kv: 70", 'kv: "70"', [':7:9: found kv: "70"; allowed: a number at least 40 and at most 125.']),
        ("kv: 70", "kv: 70\n    mas: atuo", [':8:10: found mas: "atuo"; allowed: a number above 0 or auto. The ne']),
        ("kv: 70", "kv: 70\n    to_mm: 2", [":8:5: found the key to_mm; allowed: kv, mas, do."]),
        ("to_mm: 3.5", "to_mm: 0", [":9:12: found to_mm: 0; allowed: a number above 0."]),
        ("[0, 0, 1]", "[0, 0]", [":10:12: found along: a list of 2 entries; allowed: a list of 3 entries."]),
        ("[0, 0, 1]", "[0, x, 1]", [':10:16: found along: "x"; allowed: a number.']),
        ("{left: 1.5}", "{lft: 1.5}", [":11:9: found the key lft; allowed: left or right. The nearest is left."]),
        ("title: a case", "title: [a]", [":1:8: found title: a list of 1 entries; allowed: text."]),
        ("doses: {left: 1.5}", "person2: 1", [":11:1: found the key person2; allowed: title, steps, person, doses"]),
    ],
)  # fmt: skip
def test_every_mistake_is_told_with_its_place_and_the_nearest_word(
    tmp_path: Path, old: str, new: str, mistakes: list[str]
) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(GOOD.replace(old, new, 1))

    with pytest.raises(MistakesError) as caught:
        read_yaml(path, Tale)

    lines = str(caught.value).splitlines()
    assert len(lines) == len(mistakes) == len(caught.value.mistakes)
    for line, mistake in zip(lines, mistakes, strict=True):
        assert line.startswith(f"{path}{mistake}")


def test_all_mistakes_of_a_file_are_told_at_once_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(GOOD.replace("side: left", "side: up").replace("kv: 70", "kv: 7").replace("doses", "does"))

    with pytest.raises(InputError) as caught:
        read_yaml(path, Tale)

    assert [line.split(": ")[0].rsplit(":", 2)[1] for line in str(caught.value).splitlines()] == ["4", "7", "11"]


def test_what_a_dataclass_itself_refuses_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(GOOD.replace("age: 44", "age: 144"))

    with pytest.raises(OutOfRangeError) as caught:
        read_yaml(path, Tale)

    assert str(caught.value) == f"{path}:3:8: age: found 144; allowed: 0 to 120."


@quick
@example("a: [" * 3000)
@example("a: &x {b: *x}")
@example("? [a]\n: b\n")
@example("title: !!python/object:os.system x")
@given(st.text(max_size=60))
def test_no_text_at_all_causes_anything_but_a_mistake(tmp_path: Path, text: str) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    with pytest.raises(InputError):
        read_yaml(path, Tale)


@quick
@given(st.integers(0, len(GOOD) - 1), st.characters(categories=["L", "N", "P", "Zs", "Cc"]))
def test_one_wrong_letter_is_a_mistake_or_another_tale(tmp_path: Path, at: int, letter: str) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(GOOD[:at] + letter + GOOD[at + 1 :], encoding="utf-8")

    with suppress(InputError, OutOfRangeError):
        assert isinstance(read_yaml(path, Tale), Tale)


def test_the_schema_forbids_unknown_keys_at_every_depth() -> None:
    found = schema(Tale)

    assert found["additionalProperties"] is False
    assert all(part["additionalProperties"] is False for part in found["$defs"].values() if "properties" in part)
    assert found["$schema"].endswith("2020-12/schema")
