"""A case performed by hand. Whatever door an input comes through, it becomes an action here, and goes on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from dekomp_sim.anatomy.patient import Patient
from dekomp_sim.errors import DekompSimError
from dekomp_sim.files import plain
from dekomp_sim.procedure.actions import Action, CtFluoroscopy, Expose, Wait
from dekomp_sim.procedure.after import after
from dekomp_sim.procedure.case import Case
from dekomp_sim.procedure.events import Event
from dekomp_sim.procedure.rules import may
from dekomp_sim.scenario import record
from dekomp_sim.scenario.player import opening
from dekomp_sim.scenario.story import Story, action_from
from dekomp_sim.viewer.practice.idle import TENTH_S, Idle, tenths
from dekomp_sim.viewer.practice.moments import History, Moment, next_moment
from dekomp_sim.viewer.practice.pedal import Hold, Pulse
from dekomp_sim.viewer.practice.swing import Swing, swung

__all__ = ["Journalled", "Mode", "Moment", "Outcome", "Pulse", "Session"]

FRAMES_AT_MOST: Final = 2000
"""Pulses after which a held pedal's exposure is put on record and the next one begins: what one exposure allows."""

CLOSED: Final = "The case is closed."
NO_UNDO: Final = "Nothing is undone in an examination."
NOTHING_DONE: Final = "Nothing was done that could be undone."

Journalled = Mapping[str, Any]
"""One line of a journal."""


class Mode(StrEnum):
    """Practice allows undo and hints and shows all; an examination shows what eye, ear and hand would notice."""

    PRACTICE = "practice"
    EXAM = "exam"


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of an input: the case now, what happened since it was asked, and why it was refused, if it was."""

    case: Case
    events: tuple[Event, ...] = ()
    refusal: str | None = None


class Session:
    """A story performed by hand on a patient, owned by one thread.

    Nothing happens that is not on record: where a line cannot be written, its action is refused.

    Parameters
    ----------
    story, patient
        What is performed on whom.
    mode
        Practice or examination.
    record
        Takes each line of the journal; the first, `scenario.record.header`, is its opener's.
    clock
        Seconds that never run back, where real time counts; None lets time pass by actions only.

    Raises
    ------
    InputError
        If the patient does not show the story's level, or no corridor to it is free.
    """

    def __init__(
        self,
        story: Story,
        patient: Patient,
        mode: Mode = Mode.PRACTICE,
        record: Callable[[Journalled], None] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.story, self.patient, self.mode = story, patient, mode
        self._record = record
        self._history = History(Moment(0, None, opening(story, patient)))
        self._hold: Hold | None = None
        self._swing: Swing | None = None
        self._idle = Idle(clock)
        self._closed = False

    @property
    def case(self) -> Case:
        """The case as it is on record."""
        return self._history.last.case

    @property
    def now(self) -> Case:
        """The case at this instant: with the pulses of a held pedal, or the time that nobody has used yet."""
        going = self._hold.exposure if self._hold is not None else None
        idle_s = tenths(self._idle.seconds)
        if going is None and idle_s >= TENTH_S and not self._closed:
            going_on: Action = Wait(min(idle_s, 86400.0))
            return after(self.case, going_on)
        return self.case if going is None else after(self.case, going)

    @property
    def standing(self) -> Case:
        """The case on record, but for the C-arm where a hand is turning it."""
        return self.case if self._swing is None else self._swing.case

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Everything that counts so far, the opening first; what was undone is not among it."""
        return self._history.moments

    @property
    def pedal_held(self) -> bool:
        """Whether the beam is on."""
        return self._hold is not None

    @property
    def closed(self) -> bool:
        """Whether it has been finished."""
        return self._closed

    @property
    def hints_allowed(self) -> bool:
        """Whether the next step may be told."""
        return self.mode is Mode.PRACTICE and self.story.hints

    def act(self, action: Action) -> Outcome:
        """Do something; what may not be done now comes back as a refusal with its reason."""
        return self._done(lambda: self._commit(action))

    def perform(self, do: str, values: Mapping[str, Any]) -> Outcome:
        """Do what a form asks for: the word of an action and its fields, empty ones left out.

        A field that cannot be read is refused and leaves no trace.
        """
        given = {name: value for name, value in values.items() if value is not None and value != ""}
        try:
            action = action_from({**given, "do": do})
        except DekompSimError as wrong:
            return Outcome(self.case, (), str(wrong))
        return self.act(action)

    def undo(self) -> Outcome:
        """Take back the last action that was carried out, and whatever was refused or waited since."""
        if self._closed:
            return Outcome(self.case, (), CLOSED)
        if self.mode is Mode.EXAM:
            return Outcome(self.case, (), NO_UNDO)
        return self._done(self._undone, waited=False)

    def pedal_down(self, how: Expose | None = None) -> Outcome:
        """Step on the pedal; `pulse` then gives one pulse after the other until `pedal_up`.

        Where only a CT scanner stands, a press is a quick check by CT fluoroscopy.

        Parameters
        ----------
        how
            kV and mAs where they are set by hand.
        """
        if not self.case.guidance.has_c_arm:
            return self.act(CtFluoroscopy())
        how = how or Expose()
        if self._closed or self._hold is not None:
            return Outcome(self.case, (), CLOSED if self._closed else None)
        if may(self.standing, how) is not None:
            return self.act(how)
        outcome = self._done() if self._swing is None else Outcome(self.case)
        if outcome.refusal is None:
            self._idle.stop()
            self._hold = Hold(how)
        return outcome

    def pulse(self) -> Pulse | None:
        """The next pulse of the held pedal, or None where it is up or may not be used any more."""
        if self._hold is None:
            return None
        if self._hold.frames >= FRAMES_AT_MOST and self._done().refusal is not None:
            return None
        if may(self.standing, self._hold.how) is not None:
            return None
        return self._hold.pulse(self.standing)

    def pedal_up(self) -> Outcome:
        """Take the foot off: the pulses given go on record as one exposure."""
        if self._hold is None:
            return Outcome(self.case)
        outcome = self._done()
        self._hold = None
        self._idle.start()
        return outcome

    def swing(self, primary_deg: float, secondary_deg: float) -> str | None:
        """Turn the C-arm by hand, as far as it goes; why it goes no farther, or None.

        It goes on record as one view where it is let go, or before whatever else goes on record. Left out: a held
        pedal's pulses meanwhile are shown where the C-arm passes and count as given where it stops.
        """
        if self._swing is None:
            begun = self._done()
            if begun.refusal is not None:
                return begun.refusal
        found = swung(self.case, primary_deg, secondary_deg)
        if isinstance(found, str):
            return found
        self._swing = found
        self._idle.stop()
        return None

    def let_go(self) -> Outcome:
        """The hand leaves the C-arm."""
        return Outcome(self.case) if self._swing is None else self._done()

    def finish(self) -> Outcome:
        """Close the case: its digest and whether anybody was harmed go on record, and nothing can be done any more."""
        if self._closed:
            return Outcome(self.case)
        self.pedal_up()
        outcome = self._done(lambda: self._write(record.closing(self.case)))
        self._closed = outcome.refusal is None
        return outcome

    def _done(self, what: Callable[[], str | None] = lambda: None, *, waited: bool = True) -> Outcome:
        """Put on record what is pending, then do something, which says why it was refused."""
        if self._closed:
            return Outcome(self.case, (), CLOSED)
        begun = self.case
        self._idle.stop()
        try:
            self._settle(waited=waited)
            refusal = what()
        except DekompSimError as wrong:  # the journal takes no more
            refusal = str(wrong)
        finally:
            if self._hold is None:
                self._idle.start()
        return Outcome(self.case, self.case.events[len(begun.events) :], refusal)

    def _settle(self, *, waited: bool) -> None:
        """Put on record where the C-arm was turned, then pulses, then waiting."""
        if self._swing is not None:
            self._commit(self._swing.action)
            self._swing = None
        given = self._hold.exposure if self._hold is not None else None
        if self._hold is not None and given is not None:
            self._commit(given)
            self._hold.settled()
        if not waited:
            self._idle.forget()
        while (seconds := self._idle.taken()) > 0.0:
            self._commit(Wait(seconds), idle=True)

    def _commit(self, action: Action, *, idle: bool = False) -> str | None:
        """Do an action, on record first; why it was refused."""
        moment = next_moment(self._history.last, action, idle=idle)
        line = record.line(moment.number, action, self.case, moment.case)
        self._write(line | ({"idle": True} if idle else {}))
        self._history.append(moment)
        return moment.refusal

    def _undone(self) -> str | None:
        taken_back = self._history.last_by_hand()
        if taken_back is None:
            return NOTHING_DONE
        self._write({"undo": self._history.last.number + 1 - taken_back.number})
        self._history.cut(taken_back.number)
        if self._hold is not None:
            self._hold.undone()
        return None

    def _write(self, line: Journalled) -> None:
        if self._record is not None:
            self._record(plain(line))
