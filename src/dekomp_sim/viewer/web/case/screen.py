"""What the page shows, as plain data read off a session: words and numbers, no pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dekomp_sim.debrief.metrics import measure
from dekomp_sim.debrief.steps import asked, clock, kind_of, objectives, spoken, told
from dekomp_sim.debrief.summary import summary
from dekomp_sim.disc import PARTS
from dekomp_sim.files import plain
from dekomp_sim.imaging.console.display import positioner_words
from dekomp_sim.imaging.stand.brightness import DoseRate
from dekomp_sim.imaging.stand.collimator import Field
from dekomp_sim.procedure.actions import SetView, Through, View
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.ct.acquired import GridLine
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.procedure.events import Answered, Cue, Pain, Reaction, Said, Severity, Startled
from dekomp_sim.scenario.story import Story
from dekomp_sim.viewer.panes.readouts import Readouts
from dekomp_sim.viewer.practice.bedside import bedside, card_rows, open_questions, perceived
from dekomp_sim.viewer.practice.controls import ACTIONS, controls, title
from dekomp_sim.viewer.practice.hands import Hand
from dekomp_sim.viewer.practice.hints import hint
from dekomp_sim.viewer.practice.keys import Row
from dekomp_sim.viewer.practice.session import Mode, Moment, Session
from dekomp_sim.viewer.practice.steps import stages

LINES: Final = 60
"""How many of the last messages the page holds."""

SAID: Final = 8
"""How many of the last words stand in the patient's pane."""

VIEW_WORDS: Final = {
    View.AP: "AP", View.LATERAL: "Lateral", View.OBLIQUE: "Oblique", View.ENDPLATE: "Endplates",
    View.NEEDLE_EYE: "Down needle", View.BIPLANE: "Biplane",
}  # fmt: skip

FIELD_WORDS: Final = {Field.FULL: "Full", Field.MAG1: "Mag 1", Field.MAG2: "Mag 2"}

RATE_WORDS: Final = {
    DoseRate.LOW: "Low", DoseRate.NORMAL: "Normal", DoseRate.HIGH: "High", DoseRate.HIGH_LEVEL: "High level",
}  # fmt: skip

PULSE_RATES: Final = (4, 8, 15, 30)
"""Pulses per second that the console offers, as usual consoles do."""


def fixed(session: Session, *, several: bool) -> dict[str, Any]:
    """What does not change in a session."""
    story = session.story
    return {
        "story": {
            "title": story.title,
            "summary": story.summary,
            "level": story.level.value,
            "side": story.side.value,
            "mode": session.mode.value,
            "card": [f"{name}: {words}" for name, words in card_rows(story.card)],
        },
        "controls": {do: plain(list(controls(do))) for do in ACTIONS},
        "titles": {do: title(do) for do in ACTIONS},
        "several": several,
        "lobby": None,
    }


def lobby(stories: Sequence[Story]) -> dict[str, Any]:
    """The cases to choose from, and no case open."""
    told_of = [
        {
            "number": number,
            "title": story.title,
            "summary": story.summary,
            "level": story.level.value,
            "side": story.side.value,
        }
        for number, story in enumerate(stories)
    ]
    return {"lobby": told_of, "story": None}


LEAST_ML: Final = 0.005
"""Less of a tissue is not named among what was removed: it would read 0.00."""

SHORT: Final = {"Source to detector": "To detector", "Source to skin": "To skin"}
"""Read-outs whose names are too long for the page."""


def readouts_told(found: Readouts) -> dict[str, Any]:
    """The console's numbers beside the picture."""
    return {"readouts": [[SHORT.get(name, name), words.replace(" frames, ", " + ")] for name, words in found.lines]}


def keymap(rows: Sequence[Row]) -> dict[str, Any]:
    """The key map."""
    return {"keymap": plain(list(rows))}


def steps_told(session: Session) -> dict[str, Any]:
    """The steps with what is due, done and refused, and the hint where one is allowed."""
    found = [
        {
            "title": stage.title,
            "tasks": [
                {
                    "id": f"{n}-{m}",
                    "do": task.do,
                    "words": task.words,
                    "state": task.state.value,
                    "reason": task.reason,
                    "values": plain(task.values),
                    "needed": task.needed,
                }
                for m, task in enumerate(stage.tasks)
            ],
        }
        for n, stage in enumerate(stages(session))
    ]
    return {"stages": found, "hint": hint(session) or ""}


def bedside_told(case: Case, mode: Mode) -> dict[str, Any]:
    """The patient: what is said, pain, monitor, sedation."""
    found = bedside(case, mode)
    speech = [line for line in found.said if line.kind in {"said", "pain", "reaction"}]
    rating = halves(found.pain)
    return {
        "bedside": {
            "pain": rating,
            "pain_words": f"{rating:g} of 10",
            "sedation": found.sedation.value,
            "alarms": [words.split()[0] for words in found.alarms],
            "vitals": {
                "heart_rate": f"{found.vitals.heart_bpm:.0f}",
                "pressure": f"{found.vitals.systolic_mmhg:.0f}",
                "saturation": f"{found.vitals.saturation_percent:.0f}",
            },
            "said": [
                {
                    "clock": clock(line.clock_s),
                    "kind": "team" if line.words.startswith("Team") else line.kind,
                    "words": line.words,
                }
                for line in reversed(speech[-SAID:])
            ],
        }
    }


def halves(rating: float) -> float:
    """A rating as patients tell it.

    Examples
    --------
    >>> halves(6.6), halves(0.2)
    (6.5, 0.0)
    """
    return round(2.0 * rating) / 2.0


def lesson_told(session: Session, *, back: bool = False) -> dict[str, Any]:
    """The oldest question that waits for an answer, and what the lesson said last, unless that is long past.

    Looking `back`, nothing waits.
    """
    due = () if back or session.closed else open_questions(session.case)
    last = session.moments[-1]
    said = [one for one in perceived(last.events, session.mode) if isinstance(one, Answered | Cue)]
    words = [] if back else [one.words for one in said if isinstance(one, Answered) or not one.answers]
    question = None
    if due:
        question = {"trigger": due[0].trigger, "words": due[0].words, "answers": list(due[0].answers)}
    return {"lesson": {"question": question, "words": " ".join(words)}}


def log_told(case: Case, mode: Mode) -> dict[str, Any]:
    """The last messages, each with a number that grows."""
    allowed = set(map(id, perceived(case.events, mode)))
    lines = [
        {
            "id": number,
            "clock": clock(event.clock_s),
            "kind": "refused" if kind_of(event) == "refused" else event.severity.value,
            "words": told(event),
        }
        for number, event in enumerate(case.events, start=1)
        if id(event) in allowed
    ]
    return {"log": lines[-LINES:]}


def timeline_told(moments: Sequence[Moment], shown: int) -> dict[str, Any]:
    """All moments, the one that is shown in words, and where something went wrong."""
    marks = []
    for moment in moments[1:]:
        if any(event.harm for event in moment.events):
            marks.append({"at": moment.number, "kind": "harm"})
        elif any(event.severity in {Severity.WARNING, Severity.HARM} for event in moment.events):
            marks.append({"at": moment.number, "kind": "warning"})
    moment = moments[shown]
    words = "Before the first step" if moment.action is None else asked(moment.action)
    return {"timeline": {"count": len(moments), "words": f"{clock(moment.clock_s)}  {words}", "marks": marks}}


def debrief_told(session: Session, *, allowed: bool) -> dict[str, Any]:
    """The figures of the case, once it may be looked back on."""
    if not allowed:
        return {"debrief": {"allowed": False, "reason": "The debriefing opens when the examination is finished."}}
    reached: list[dict[str, Any]] = []
    if session.closed:
        metrics = measure([moment.case for moment in session.moments])
        reached = plain(list(objectives(session.story, metrics)))
    return {"debrief": {"allowed": True, "asked": reached}}


def closing_told(session: Session) -> dict[str, Any]:
    """How the case ended."""
    case = session.case
    metrics = measure([moment.case for moment in session.moments])
    return {"digest": case_digest(case), "harmed": case.harmed, "summary": summary(metrics, session.story)}


def disc_told(case: Case) -> dict[str, Any]:
    """What has come out of the disc, in words."""
    removed = case.disc.ledger.removed_ml
    parts = [f"{tissue.name.lower()} {removed[tissue]:.2f}" for tissue in PARTS if removed[tissue] >= LEAST_ML]
    return {"removed": f"Removed {case.removed_ml:.2f} mL{': ' if parts else ''}{', '.join(parts)}"}


def hand_told(case: Case, hand: Hand) -> dict[str, Any]:
    """What is in hand, in words."""
    words = "nothing"
    if hand.instrument is not None:
        placed = case.placements.get(hand.instrument)
        where = f"{placed.depth_mm:.1f} mm deep" if placed is not None else "not in the patient"
        bevel = "" if hand.bevel_deg is None else f", bevel at {hand.bevel_deg:g}°"
        shift = _shift(hand) if placed is None else ""
        words = f"{spoken(hand.instrument)}, {where}{bevel}{shift}"
    return {
        "hand": {
            "words": words,
            "instrument": hand.instrument,
            "fine_mm": hand.fine_mm,
            "coarse_mm": hand.coarse_mm,
            "bevel_deg": hand.bevel_deg,
        }
    }


def _shift(hand: Hand) -> str:
    moved = hand.entry is not None or hand.entry_lateral_mm or hand.entry_cranial_mm
    aimed = ", own aim" if hand.aim is not None else ""
    if not moved:
        return aimed
    if hand.entry is not None:
        return f", own entry{aimed}"
    return f", entry {hand.entry_lateral_mm:+g} lateral {hand.entry_cranial_mm:+g} cranial{aimed}"


def stand_told(case: Case, moments: Sequence[Moment], *, turning: bool = False) -> dict[str, Any]:
    """Where the C-arm stands and how its generator and collimator are set; while it is `turning`, at no named view."""
    views = [one.action.view for one in moments if isinstance(one.action, SetView) and one.refusal is None]
    last = views[-1] if views and not turning else None
    offered = [view for view in View if view is not View.BIPLANE or case.machine.planes == 2]
    offered = offered if case.guidance.has_c_arm else []
    carm, set_to = case.carm, case.controls
    over_back = 0.0 if carm is None else turned_left_deg(carm.primary_deg)
    return {
        "views": [{"name": view.value, "words": VIEW_WORDS[view], "on": view is last} for view in offered],
        "stands": carm is not None,
        "left_deg": round(over_back, 1),
        "cranial_deg": 0.0 if carm is None else round(carm.secondary_deg, 1),
        "angles": "" if carm is None else positioner_words(carm),
        "across": set_to.collimator.across,
        "along": set_to.collimator.along,
        "fields": [{"name": one.value, "words": FIELD_WORDS[one], "on": one is set_to.field} for one in Field],
        "rates": [
            {"name": one.value, "words": RATE_WORDS[one], "on": one is set_to.fluoroscopy.rate} for one in DoseRate
        ],
        "rate": set_to.fluoroscopy.rate.value,
        "pulses_per_s": set_to.fluoroscopy.pulses_per_s,
        "pulse_rates": list(PULSE_RATES),
        "scanner": _scanner_told(case),
    }


def _scanner_told(case: Case) -> dict[str, Any] | None:
    """Where couch and gantry stand, and what the slice may be laid through; None where there is no scanner."""
    if not case.guidance.has_scanner:
        return None
    through = [one.value for one in Through if case.placements or one in {Through.DISC, Through.WAY}]
    lines = [line.value for line in GridLine] if case.grid is not None else []
    told = {"table_mm": round(case.couch.table_mm, 1), "tilt_deg": round(case.couch.tilt_deg)}
    return {**told, "through": through, "lines": lines}


def turned_left_deg(primary_deg: float) -> float:
    """How far the detector is turned from over a prone patient's back toward the patient's left.

    Examples
    --------
    >>> turned_left_deg(180.0), turned_left_deg(145.0), turned_left_deg(-90.0)
    (0.0, 35.0, -90.0)
    """
    return (180.0 - primary_deg + 180.0) % 360.0 - 180.0 + 0.0


def primary_of_deg(left_deg: float) -> float:
    """The positioner's primary angle of a turn toward the left; undoes `turned_left_deg`.

    Examples
    --------
    >>> primary_of_deg(35.0), primary_of_deg(-90.0), primary_of_deg(0.0)
    (145.0, -90.0, 180.0)
    """
    primary = 180.0 - left_deg
    return primary - 360.0 if primary > 180.0 else primary


def sounds_of(before: Case, after: Case, mode: Mode) -> list[tuple[str, str]]:
    """Sound and caption of what could be heard or felt from one case to the next."""
    heard: list[tuple[str, str]] = []
    if len(after.punctures) > len(before.punctures):
        heard.append(("puncture", "[pop: through the skin]"))
    for event in perceived(after.events[len(before.events) :], mode):
        match event:
            case Pain(rating=rating) if rating >= 1.0:
                heard.append(("pain", f"[groan: {halves(rating):g} of 10]"))
            case Startled():
                heard.append(("startle", f"[gasp: {event.words}]"))
            case Said(speaker="hand"):
                heard.append(("puncture", f"[give in the hand: {event.words}]"))
            case Reaction():
                heard.append(("alarm", f"[alarm: {event.words}]"))
            case _:
                continue
    if len(after.receipts) > len(before.receipts):
        heard.append(("probe", "[hum: the probe runs]"))
    return heard
