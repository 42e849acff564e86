"""`dekomp-sim import --edit`: the page on which an imported patient's landmarks are corrected."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from dekomp_sim.anatomy import DiscShape, Level, Patient
from dekomp_sim.anatomy.corrections import Corrections
from dekomp_sim.anatomy.landmarks import find_landmarks
from dekomp_sim.cli.view import in_window
from dekomp_sim.errors import InputError
from dekomp_sim.files import load_patient_folder, read_yaml
from dekomp_sim.files.patient_record import PatientRecord, Placed, corrected, corrections_of
from dekomp_sim.files.patients import RECORD, write_record
from dekomp_sim.viewer.web.editing.desk import EditDesk
from dekomp_sim.viewer.web.editing.editor import Editor
from dekomp_sim.viewer.web.server import Address, serve


class Sheet:
    """The record of a patient's folder, as it stood when it was read, and how it is replaced.

    Parameters
    ----------
    folder
        Of the patient.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / RECORD
        self._text = self.path.read_bytes()
        self.record = read_yaml(self.path, PatientRecord)

    def write(self, record: PatientRecord) -> None:
        """Replace it in one step.

        Raises
        ------
        InputError
            If somebody else changed it meanwhile, or it cannot be written.
        """
        if not self.path.is_file() or self.path.read_bytes() != self._text:
            found = "a record that was changed since it was opened"
            raise InputError(str(self.path), found, "the record as it was opened", "Open the page again")
        write_record(self.path, record)
        self.record, self._text = record, self.path.read_bytes()


def _found(record: PatientRecord, placed: Corrections, patient: Patient) -> dict[Level, DiscShape]:
    """The discs as the import finds them: the record's, and where a person moved one, found once more."""
    kept = {one.level: one.disc.placed is Placed.AUTO for one in record.levels if one.disc is not None}
    again = {} if all(kept.values()) else find_landmarks(patient.volume).discs
    return {
        level: placed.discs[level] if auto else again[level] for level, auto in kept.items() if auto or level in again
    }


def edit(folder: Path, console: Console, *, window: bool, browser: bool) -> None:
    """Correct a patient's landmarks on a page; ends when the window is closed, or with Ctrl-C.

    Raises
    ------
    InputError
        If the folder is no imported patient's.
    """
    with console.status("Opening the patient ..."):
        patient = load_patient_folder(folder)
        sheet = Sheet(folder)
        placed = corrections_of(str(sheet.path), sheet.record)
        found = _found(sheet.record, placed, patient)
        editor = Editor(patient, found, placed)

    def save(placed: Corrections) -> None:
        sheet.write(corrected(sheet.record, placed, found))

    desk = EditDesk(editor, f"Corrections to {folder.name}", save)
    if not window:
        serve(desk, Address(), lambda url, end: console.print(url, soft_wrap=True))
        return
    serve(desk, Address(linger_s=60), lambda url, end: in_window(url, end, console, as_app=not browser))
