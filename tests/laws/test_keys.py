"""A key map stays a map: one command on a key, every key told, whatever a person changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dekomp_sim.errors import InputError
from dekomp_sim.viewer.practice.keys import (
    DEFAULT_KEYS,
    NAMED,
    WORDS,
    Command,
    canonical,
    command_of,
    key_map,
    pressed,
    remapped,
)
from dekomp_sim.viewer.practice.obeying import GRIPS, MOVES

quick = settings(max_examples=60, deadline=None)
keys = st.sampled_from([*sorted(NAMED), *"abcxyz019+-/?", "Shift+a", "Control+Alt+F4", "shift+PageUp"])


@quick
@given(st.dictionaries(st.sampled_from(list(Command)).map(str), keys, max_size=4))
def test_a_map_is_taken_whole_or_refused_whole(changes: dict[str, str]) -> None:
    try:
        new = remapped(changes)
    except InputError:
        return
    assert len(set(new.values())) == len(new) == len(Command)
    for word, key in changes.items():
        assert command_of(canonical(key), new) is Command(word)


@quick
@given(keys)
def test_a_key_s_name_is_its_own_name(key: str) -> None:
    try:
        name = canonical(key)
    except InputError:
        return
    assert canonical(name) == name


def test_every_command_has_a_key_words_and_a_row() -> None:
    rows = key_map()
    assert [row.command for row in rows] == list(Command)
    assert set(DEFAULT_KEYS) == set(WORDS) == set(Command)
    assert len(set(DEFAULT_KEYS.values())) == len(Command)
    assert all(canonical(key) == key for key in DEFAULT_KEYS.values())


def test_every_command_is_obeyed_here_or_by_the_screen() -> None:
    screen = {Command.PEDAL, Command.REFERENCE, Command.HINT, Command.NEXT_STAGE, Command.PREVIOUS_STAGE,
              Command.KEY_MAP, Command.UNDO}  # fmt: skip
    assert set(MOVES) | set(GRIPS) | screen == set(Command)
    assert not set(MOVES) & set(GRIPS)


def test_two_commands_may_change_places() -> None:
    new = remapped({"fine_forward": "ArrowDown", "fine_back": "ArrowUp"})
    assert command_of("ArrowUp", new) is Command.FINE_BACK


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"undo": "Space"}, "keys: undo: found Space, which is on pedal; allowed: one command on a key"),
        ({"fly": "f"}, "keys: found the command fly; allowed: fine_forward, fine_back"),
        ({"undo": "Hyper+u"}, "keys: found the key Hyper+u; allowed: one sign, or one of ArrowDown"),
        ({"undo": "uu"}, "keys: found the key uu; allowed: one sign"),
        ({"undo": "Tab"}, "keys: found the key Tab; allowed: a key that the page does not need itself"),
    ],
)
def test_a_map_that_cannot_be_is_refused_in_words(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        remapped(changes)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"key": "ArrowUp", "shift": True}, "Shift+ArrowUp"),
        ({"key": "N", "shift": True}, "Shift+n"),
        ({"key": "?", "shift": True}, "?"),
        ({"key": "z", "control": True}, "Control+z"),
        ({"key": " "}, "Space"),
        ({"key": "Prior"}, "PageUp"),
        ({"key": "question", "shift": True}, "?"),
    ],
)
def test_a_press_has_one_name_in_browser_and_window(event: dict[str, str | bool], name: str) -> None:
    assert pressed(**event) == name  # type: ignore[arg-type]
