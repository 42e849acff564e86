"""YAML as plain values that remember where in the file each of them stood."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from ruamel.yaml import YAML, MappingNode, Node, ScalarNode
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from dekomp_sim.errors import InputError

Place = tuple[str | int, ...]
"""Keys and list numbers from the top of a document down to a value."""

MOST_VALUES: Final = 200_000
"""Assumption: values a document may unfold to; above any scenario, below what aliases can unfold to."""

MOST_BYTES: Final = 10_000_000
"""Assumption: the longest document read; a phantom's specification has 20 kB."""

_TAG = "tag:yaml.org,2002:"


class Mark(NamedTuple):
    """Where a value or a key stands: file, line and column, both from 1."""

    path: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """A document's plain values and the place of each in its file.

    Parameters
    ----------
    path
        The file.
    values
        dict, list, str, int, float, bool and None; keys are str.
    marks
        Where each value stands, by place: in the file, or in one that it inherits from.
    keys
        Where each key stands, by place.
    """

    path: Path
    values: dict[str, Any]
    marks: dict[Place, Mark]
    keys: dict[Place, Mark]

    def where(self, place: Place) -> str:
        """`file:line:column` of the value at `place`, or of the nearest one above it."""
        while place and place not in self.marks:
            place = place[:-1]
        return str(self.marks.get(place, Mark(self.path, 1, 1)))

    def where_key(self, place: Place) -> str:
        """`file:line:column` of the key at `place`."""
        return str(self.keys.get(place, Mark(self.path, 1, 1)))

    def at(self, place: Place) -> Any:
        """The value at `place`."""
        value: Any = self.values
        for step in place:
            value = value[step]
        return value


class MistakesError(InputError):
    """All the mistakes of one file: a line for each.

    Parameters
    ----------
    mistakes
        In the order of the file, at least one.
    """

    def __init__(self, mistakes: list[InputError]) -> None:
        first = mistakes[0]
        super().__init__(first.where, first.found, first.allowed, first.remedy)
        self.mistakes = tuple(mistakes)
        self.args = ("\n".join(str(mistake) for mistake in mistakes),)


def read_marked(path: Path) -> Marked:
    """The mapping that a YAML file holds, with the place of every value.

    Raises
    ------
    InputError
        If the file is absent, not UTF-8, empty, no YAML, or holds no mapping; if a key stands twice in a mapping; if
        it uses tabs, tags, or aliases of itself.
    """
    node = _composed(path, _text(path))
    if node is None:
        raise InputError(f"{path}:1:1", "an empty file", "a mapping of keys to values")
    reader = _Reader(path)
    values = reader.plain(node, ())
    if reader.mistakes:
        raise MistakesError(reader.mistakes)
    if not isinstance(values, dict):
        raise InputError(
            f"{path}:{_line(node.start_mark)}", f"{kind_of(values)} at the top", "a mapping of keys to values"
        )
    return Marked(path, values, reader.marks, reader.keys)


def kind_of(value: Any) -> str:
    """What a person calls a plain value's type."""
    if value is None:
        return "nothing"
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list"}
    return kinds.get(type(value), "a mapping of keys")


def _text(path: Path) -> str:
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise InputError(str(path), found, "a YAML file")
    if path.stat().st_size > MOST_BYTES:
        raise InputError(str(path), f"{path.stat().st_size} bytes", f"a YAML file of at most {MOST_BYTES} bytes")
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        found = f"byte {content[wrong.start]:#04x}, which is not UTF-8"
        raise InputError(f"{path}:{line}:1", found, "text in UTF-8", "Save the file as UTF-8") from None


def _composed(path: Path, text: str) -> Node | None:
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        where = f"{path}:{_line(mark)}"
        lines = text.splitlines()
        line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
        if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in str(wrong.problem):
            raise InputError(where, "a tab", "spaces", "Indent with spaces") from None
        found = " ".join(str(part) for part in (wrong.problem, wrong.context) if part)
        found = found.removeprefix("found ").removeprefix("but found ")
        raise InputError(where, found, "YAML", "Look at the colons, quotes and indentation of this line") from None
    except RecursionError:
        raise InputError(f"{path}:1:1", "lists or mappings nested too deeply", "a scenario or specification") from None
    except YAMLError as wrong:
        first = str(wrong).splitlines()[0]
        raise InputError(f"{path}:1:1", first, "YAML text without control characters") from None
    return node


def _line(mark: Any) -> str:
    return "1:1" if mark is None else f"{mark.line + 1}:{mark.column + 1}"


@dataclass(slots=True)
class _Reader:
    """Turns a tree of nodes into plain values, notes their marks and gathers what is wrong with them."""

    path: Path
    marks: dict[Place, Mark] = field(default_factory=dict)
    keys: dict[Place, Mark] = field(default_factory=dict)
    mistakes: list[InputError] = field(default_factory=list)
    open_nodes: list[Node] = field(default_factory=list)
    yaml: YAML = field(default_factory=lambda: YAML(typ="safe", pure=True))

    def plain(self, node: Node, place: Place) -> Any:
        self.marks[place] = Mark(self.path, node.start_mark.line + 1, node.start_mark.column + 1)
        if len(self.marks) > MOST_VALUES:
            raise InputError(str(self.path), f"more than {MOST_VALUES} values", "a scenario or specification")
        if any(node is above for above in self.open_nodes):
            self._refuse(node, "an alias of a value within itself", "aliases of values that stand elsewhere")
            return None
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        self.open_nodes.append(node)
        values: Any = self._mapping(node, place) if isinstance(node, MappingNode) else self._sequence(node, place)
        self.open_nodes.pop()
        return values

    def _sequence(self, node: Node, place: Place) -> list[Any]:
        return [self.plain(part, (*place, number)) for number, part in enumerate(node.value)]

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._refuse(key_node, "a key that is no word", "words as keys")
                continue
            key = str(key_node.value)
            here = (*place, key)
            if key in values:
                first = self.keys[here].line
                self._refuse(key_node, f"the key {key} a second time (first in line {first})", "each key once")
                continue
            self.keys[here] = Mark(self.path, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            values[key] = self.plain(value_node, here)
            if value_node.value == "":  # nothing stands there: its mark would be the next line's
                self.marks[here] = self.keys[here]
        return values

    def _scalar(self, node: ScalarNode) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        if kind in {"str", "timestamp"}:
            return str(node.value)
        if kind not in {"int", "float", "bool", "null"}:
            self._refuse(node, f"the tag {node.tag}", "plain values without tags")
            return None
        try:
            value = self.yaml.constructor.construct_object(node)
        except ValueError:
            self._refuse(node, f"{node.value!r} tagged as {kind}", "plain values without tags")
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._refuse(node, str(node.value), "a finite number")
        return value

    def _refuse(self, node: Node, found: str, allowed: str) -> None:
        self.mistakes.append(InputError(f"{self.path}:{_line(node.start_mark)}", found, allowed))
