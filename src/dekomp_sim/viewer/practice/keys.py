"""Which key does what: a map that a person may change, and that is told on the screen.

Keys are named as browsers name them (`KeyboardEvent.key`), a blank as "Space", letters in lower case; "Shift+",
"Control+" and "Alt+" stand before, in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from dekomp_sim.errors import InputError


class Command(StrEnum):
    """Something that one key asks for."""

    FINE_FORWARD = "fine_forward"
    FINE_BACK = "fine_back"
    COARSE_FORWARD = "coarse_forward"
    COARSE_BACK = "coarse_back"
    TILT_MEDIAL = "tilt_medial"
    TILT_LATERAL = "tilt_lateral"
    TILT_CRANIAL = "tilt_cranial"
    TILT_CAUDAL = "tilt_caudal"
    ROLL_CLOCKWISE = "roll_clockwise"
    ROLL_BACK = "roll_back"
    ROLL_FREE = "roll_free"
    BEND_TIP = "bend_tip"
    ENTRY_LATERAL = "entry_lateral"
    ENTRY_MEDIAL = "entry_medial"
    ENTRY_CRANIAL = "entry_cranial"
    ENTRY_CAUDAL = "entry_caudal"
    ENTRY_PLANNED = "entry_planned"
    NEXT_INSTRUMENT = "next_instrument"
    PREVIOUS_INSTRUMENT = "previous_instrument"
    SET_ON_SKIN = "set_on_skin"
    TAKE_OUT = "take_out"
    PEDAL = "pedal"
    SPOT = "spot"
    REFERENCE = "reference"
    VIEW_AP = "view_ap"
    VIEW_LATERAL = "view_lateral"
    VIEW_OBLIQUE = "view_oblique"
    VIEW_ENDPLATE = "view_endplate"
    VIEW_NEEDLE_EYE = "view_needle_eye"
    ASK_PATIENT = "ask_patient"
    HOLD_BREATH = "hold_breath"
    UNDO = "undo"
    HINT = "hint"
    NEXT_STAGE = "next_stage"
    PREVIOUS_STAGE = "previous_stage"
    KEY_MAP = "key_map"


WORDS: Final[Mapping[Command, str]] = MappingProxyType(
    {
        Command.FINE_FORWARD: "Push a little",
        Command.FINE_BACK: "Pull a little",
        Command.COARSE_FORWARD: "Push far",
        Command.COARSE_BACK: "Pull far",
        Command.TILT_MEDIAL: "Tilt the tip to the midline",
        Command.TILT_LATERAL: "Tilt the tip to the side",
        Command.TILT_CRANIAL: "Tilt the tip to the head",
        Command.TILT_CAUDAL: "Tilt the tip to the feet",
        Command.ROLL_CLOCKWISE: "Roll the bevel clockwise",
        Command.ROLL_BACK: "Roll the bevel back",
        Command.ROLL_FREE: "Turn the needle to and fro: straight on",
        Command.BEND_TIP: "Bend the tip more, before it goes in",
        Command.ENTRY_LATERAL: "Move the entry to the side",
        Command.ENTRY_MEDIAL: "Move the entry to the midline",
        Command.ENTRY_CRANIAL: "Move the entry to the head",
        Command.ENTRY_CAUDAL: "Move the entry to the feet",
        Command.ENTRY_PLANNED: "Entry and aim as planned",
        Command.NEXT_INSTRUMENT: "Next instrument",
        Command.PREVIOUS_INSTRUMENT: "Previous instrument",
        Command.SET_ON_SKIN: "Set the instrument on the skin, or into its guide",
        Command.TAKE_OUT: "Take the instrument out",
        Command.PEDAL: "Foot pedal, while held",
        Command.SPOT: "One picture to keep",
        Command.REFERENCE: "Put the last picture beside",
        Command.VIEW_AP: "C-arm: AP",
        Command.VIEW_LATERAL: "C-arm: lateral",
        Command.VIEW_OBLIQUE: "C-arm: oblique",
        Command.VIEW_ENDPLATE: "C-arm: square to the endplates",
        Command.VIEW_NEEDLE_EYE: "C-arm: down the needle",
        Command.ASK_PATIENT: "Ask the patient",
        Command.HOLD_BREATH: "Have the breath held",
        Command.UNDO: "Undo (practice only)",
        Command.HINT: "Hint (practice only)",
        Command.NEXT_STAGE: "Next stage of the procedure",
        Command.PREVIOUS_STAGE: "Previous stage",
        Command.KEY_MAP: "Show or hide this map",
    }
)
"""What each command does, for the key map."""

DEFAULT_KEYS: Final[Mapping[Command, str]] = MappingProxyType(
    {
        Command.FINE_FORWARD: "ArrowUp",
        Command.FINE_BACK: "ArrowDown",
        Command.COARSE_FORWARD: "PageUp",
        Command.COARSE_BACK: "PageDown",
        Command.TILT_MEDIAL: "ArrowRight",
        Command.TILT_LATERAL: "ArrowLeft",
        Command.TILT_CRANIAL: "Shift+ArrowUp",
        Command.TILT_CAUDAL: "Shift+ArrowDown",
        Command.ROLL_CLOCKWISE: "e",
        Command.ROLL_BACK: "q",
        Command.ROLL_FREE: "w",
        Command.BEND_TIP: "t",
        Command.ENTRY_LATERAL: "j",
        Command.ENTRY_MEDIAL: "l",
        Command.ENTRY_CRANIAL: "i",
        Command.ENTRY_CAUDAL: "k",
        Command.ENTRY_PLANNED: "p",
        Command.NEXT_INSTRUMENT: "n",
        Command.PREVIOUS_INSTRUMENT: "Shift+n",
        Command.SET_ON_SKIN: "s",
        Command.TAKE_OUT: "Delete",
        Command.PEDAL: "Space",
        Command.SPOT: "x",
        Command.REFERENCE: "r",
        Command.VIEW_AP: "1",
        Command.VIEW_LATERAL: "2",
        Command.VIEW_OBLIQUE: "3",
        Command.VIEW_ENDPLATE: "4",
        Command.VIEW_NEEDLE_EYE: "5",
        Command.ASK_PATIENT: "a",
        Command.HOLD_BREATH: "b",
        Command.UNDO: "Control+z",
        Command.HINT: "h",
        Command.NEXT_STAGE: "]",
        Command.PREVIOUS_STAGE: "[",
        Command.KEY_MAP: "?",
    }
)
"""The keys until a person changes them."""

NAMED: Final = frozenset(
    {
        "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End", "Insert", "Delete",
        "Backspace", "Enter", "Escape", "Tab", "Space", *(f"F{n}" for n in range(1, 13)),
    }
)  # fmt: skip
"""Keys with a name of their own; all others are one printable sign."""

KEPT_BACK: Final = frozenset({"Tab", "Shift+Tab", "Escape", "Enter"})
"""Keys that move through a page and press its buttons; a map that took them would lock keyboards out."""

MODIFIERS: Final = ("Shift", "Control", "Alt")
"""In the order in which they stand before a key."""

KEYSYMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Up": "ArrowUp", "Down": "ArrowDown", "Left": "ArrowLeft", "Right": "ArrowRight", "Prior": "PageUp",
        "Next": "PageDown", "space": "Space", "Return": "Enter", "BackSpace": "Backspace", "question": "?",
        "bracketleft": "[", "bracketright": "]", "comma": ",", "period": ".", "minus": "-", "plus": "+", "slash": "/",
    }
)  # fmt: skip
"""What X and VTK call a key, where they do not call it as browsers do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the key map on the screen."""

    command: Command
    key: str
    words: str


def key_map(keys: Mapping[Command, str] = DEFAULT_KEYS) -> tuple[Row, ...]:
    """The map for the screen, in the order of `Command`."""
    return tuple(Row(command, keys[command], WORDS[command]) for command in Command if command in keys)


def remapped(changes: Mapping[str, str], keys: Mapping[Command, str] = DEFAULT_KEYS) -> Mapping[Command, str]:
    """A key map with some commands on other keys.

    Parameters
    ----------
    changes
        Command to key; two commands may change places.
    keys
        The map so far.

    Raises
    ------
    InputError
        If a command or key is unknown, a key is kept back, or two commands would share one.

    Examples
    --------
    >>> remapped({"undo": "u"})[Command.UNDO]
    'u'
    """
    new = dict(keys)
    for word, key in changes.items():
        if word not in list(Command):
            raise InputError("keys", f"the command {word}", ", ".join(Command))
        new[Command(word)] = canonical(key)
    owners: dict[str, Command] = {}
    for command, key in new.items():
        if key in owners:
            raise InputError(
                f"keys: {command.value}",
                f"{key}, which is on {owners[key].value}",
                "one command on a key",
                "Choose another key",
            )
        owners[key] = command
    return MappingProxyType(new)


def command_of(key: str, keys: Mapping[Command, str] = DEFAULT_KEYS) -> Command | None:
    """What a key asks for, or None."""
    return next((command for command, bound in keys.items() if bound == key), None)


def canonical(key: str) -> str:
    """A key's one name.

    Raises
    ------
    InputError
        If it is no key, or one that a page needs itself.

    Examples
    --------
    >>> canonical("alt+shift+Up"), canonical("shift+N"), canonical(" ")
    ('Shift+Alt+ArrowUp', 'Shift+n', 'Space')
    """
    *before, last = (key if key.strip() else "Space").replace("++", "+plus").split("+")
    given = {part.capitalize() for part in before}
    last = "+" if last == "plus" else _named(last)
    if not given <= set(MODIFIERS) or (last not in NAMED and not (len(last) == 1 and last.isprintable())):
        allowed = f"one sign, or one of {', '.join(sorted(NAMED))}, with {', '.join(MODIFIERS)} and + before"
        raise InputError("keys", f"the key {key}", allowed)
    whole = "+".join([*(one for one in MODIFIERS if one in given), last])
    if whole in KEPT_BACK:
        raise InputError("keys", f"the key {whole}", "a key that the page does not need itself", "Choose another key")
    return whole


def pressed(key: str, *, shift: bool = False, control: bool = False, alt: bool = False) -> str:
    """The name of a key press as a browser or a window tells it; signs that need Shift are told without it.

    Examples
    --------
    >>> pressed("N", shift=True), pressed("?", shift=True), pressed("Up"), pressed(" ")
    ('Shift+n', '?', 'ArrowUp', 'Space')
    """
    last = "Space" if key == " " else _named(key)
    if len(last) == 1 and not last.isalpha():
        shift = False
    held = [one for one, down in zip(MODIFIERS, (shift, control, alt), strict=True) if down]
    return "+".join([*held, last])


def _named(key: str) -> str:
    known = {name.lower(): name for name in NAMED} | {name.lower(): there for name, there in KEYSYMS.items()}
    return known.get(key.lower(), key.lower())
