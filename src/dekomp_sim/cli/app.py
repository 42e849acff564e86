"""The command line: its words, and what a mistake looks like.

Each command imports its own work inside its function: `dekomp-sim --help` must not wait for numba, SimpleITK and VTK.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dekomp_sim import __version__
from dekomp_sim.cli.records import Where, records
from dekomp_sim.errors import DekompSimError, InputError

OUTSIDE, MISTAKE, HARM = 1, 2, 3

PIPED_COLUMNS = 220
"""Width of tables where no terminal says its own."""

app = typer.Typer(
    name="dekomp-sim",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    epilog="""Examples:

`dekomp-sim run l4l5_left_posterolateral -o out/first` plays a shipped scenario on the built-in patient

`dekomp-sim run my.yaml --ct scan.nii.gz --labels vertebrae.nii.gz -o out/scan` plays it on a CT

`dekomp-sim import scan/ --labels vertebrae.nii.gz -o patient/` makes a patient of a scan; `run ... --patient patient/`

`dekomp-sim replay out/first/journal.jsonl` performs a recorded case again and compares

`dekomp-sim view l4l5_left_posterolateral` opens it in a window, to be performed by hand

`dekomp-sim records add out/first --learner L017` keeps a case of a learner

`dekomp-sim check my.yaml` finds the mistakes in a scenario

`dekomp-sim phantom lumbar_reference -o phantom.nii.gz` writes the built-in patient as a volume

`dekomp-sim validate` recomputes every published number the models claim

`dekomp-sim regress scenes` plays your scenarios and compares state and pictures with their baselines

Exit codes: 0 done, 1 a number of `validate` is outside, a `replay` parted from its record, `regress` found a
change or a case of a `sweep` failed, 2 a mistake in the input, 3 the case ended in harm. Not for clinical use.""",
)


app.add_typer(records, name="records")

Learner = Annotated[
    str | None, typer.Option(help="Keep each finished case in this learner's records; a pseudonym, such as L017.")
]


class Document(StrEnum):
    """A kind of file that has a schema."""

    SCENARIO = "scenario"
    PHANTOM = "phantom"
    PHYSICAL = "physical"


@contextmanager
def _extra(name: str) -> Iterator[None]:
    """What is imported meanwhile may want libraries that a plain installation leaves out."""
    try:
        yield
    except ModuleNotFoundError as missing:
        remedy = f"Install them: pip install 'dekomp-sim[{name}]'"
        raise InputError("this installation", f"no {missing.name}", f"the libraries of the {name}", remedy) from None


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dekomp-sim {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Simulate image-guided percutaneous lumbar discectomy: X-ray, needle, disc, patient, score.

    Not for clinical use.
    """


@app.command()
def run(  # noqa: PLR0913 - a command line's options are its nouns
    scenario: Annotated[str, typer.Argument(help="A scenario file, or the name of a shipped one.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for report, journal and frames; new or empty.")],
    ct: Annotated[Path | None, typer.Option(help="A CT to play on: DICOM folder, NIfTI, NRRD or MHA.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Its label map with TotalSegmentator's vertebra numbers.")] = None,
    series: Annotated[str | None, typer.Option(help="Which series, where a DICOM folder holds several.")] = None,
    patient: Annotated[Path | None, typer.Option(help="Imported patient's folder, or phantom's YAML.")] = None,
    picture_3d: Annotated[bool, typer.Option("--3d/--no-3d", help="Draw the 3D pictures.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in the same folder.")] = False,
) -> None:
    """Play a scenario to its end and leave report.html, report.json, journal.jsonl and frames/*.png.

    Prints the state digest last. Exits with 3 when the case ended in harm.
    """
    from dekomp_sim.cli.patients import Scan
    from dekomp_sim.cli.run import Request, perform

    request = Request(scenario, out, Scan(ct, labels, series, patient), picture_3d, overwrite)
    harmed = perform(request, Console(highlight=False))
    if harmed:
        raise typer.Exit(HARM)


@app.command(name="import")
def import_(  # noqa: PLR0913 - a command line's options are its nouns
    scan: Annotated[
        Path | None, typer.Argument(help="A CT: DICOM folder or multi-frame file, NIfTI, NRRD or MHA.")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for the patient; new or empty.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Its segmentation: label map with TotalSegmentator's numbers, folder of masks by its names, "
            "DICOM SEG or RTSTRUCT. Without one the spine is looked for."
        ),
    ] = None,
    series: Annotated[str | None, typer.Option(help="Which series, where a DICOM folder holds several.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier import.")] = False,
    level_at: Annotated[
        str | None,
        typer.Option(
            metavar="LEVEL=Z", help="Names the disc at height z (mm) where the spine is looked for, as L5-S1=222."
        ),
    ] = None,
    edit: Annotated[
        Path | None, typer.Option(help="An imported patient's folder: correct discs, nerves and herniation on a page.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser", help="With --edit: in the system's browser.")] = False,
    window: Annotated[
        bool, typer.Option("--window/--no-window", help="With --edit: without, the page's address is printed.")
    ] = True,
) -> None:
    """Make a patient of a scan: check it, name its levels, find its discs; leaves quality.html to look at.

    No name, number, date or text of the scan's header is kept. With --edit FOLDER an imported patient is corrected.
    """
    if edit is not None:
        if scan is not None or out is not None or labels is not None:
            raise InputError("--edit", "a scan as well", "--edit FOLDER alone", "Import first, then edit the folder")
        with _extra("viewer"):
            from dekomp_sim.cli.editing import edit as correct
        correct(edit, Console(highlight=False), window=window, browser=browser)
        return
    if scan is None or out is None:
        missing = "SCAN" if scan is None else "-o FOLDER"
        raise InputError("dekomp-sim import", f"no {missing}", "import SCAN -o FOLDER, or import --edit FOLDER")
    from dekomp_sim.cli.importing import Request, perform

    perform(Request(scan, labels, series, out, overwrite, level_at), Console(highlight=False))


@app.command()
def replay(  # noqa: PLR0913 - a command line's options are its nouns
    journal: Annotated[Path, typer.Argument(help="The journal of a case, played or performed by hand.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for report and frames; new or empty.")] = None,
    ct: Annotated[Path | None, typer.Option(help="The CT it was recorded on.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Its label map.")] = None,
    series: Annotated[str | None, typer.Option(help="Which series, where a DICOM folder holds several.")] = None,
    patient: Annotated[Path | None, typer.Option(help="Imported patient's folder, or phantom's YAML.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is in that folder.")] = False,
) -> None:
    """Perform a journal again and print the state digest; says at which action and where it parts from the record.

    Exits with 1 when it parted.
    """
    from dekomp_sim.cli.patients import Scan
    from dekomp_sim.cli.replay import Request, perform

    if not perform(Request(journal, out, Scan(ct, labels, series, patient), overwrite), Console(highlight=False)):
        raise typer.Exit(OUTSIDE)


@app.command()
def film(  # noqa: PLR0913 - a command line's options are its nouns
    journal: Annotated[Path, typer.Argument(help="The journal of a case, played or performed by hand.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The film, case.mp4; or a folder for PNG frames.")],
    camera: Annotated[
        str | None,
        typer.Option(
            help="close-up, overview, axial, room, needle, or three numbers: degrees from behind toward the approach, "
            "degrees toward the head, mm seen from edge to edge. Without it, whatever shows most."
        ),
    ] = None,
    fps: Annotated[int, typer.Option(help="Frames per second.")] = 12,
    height: Annotated[int, typer.Option(help="Height in pixels, a multiple of 72.")] = 720,
    ct: Annotated[Path | None, typer.Option(help="The CT it was recorded on.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Its label map.")] = None,
    series: Annotated[str | None, typer.Option(help="Which series, where a DICOM folder holds several.")] = None,
    patient: Annotated[Path | None, typer.Option(help="Imported patient's folder, or phantom's YAML.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier film.")] = False,
) -> None:
    """Make a film of a journal: the 3D scene, the fluoroscopy, what is done and said.

    Leaves PNG frames and says so where no encoder is installed.
    """
    from dekomp_sim.cli.film import Request, perform
    from dekomp_sim.cli.patients import Scan

    request = Request(journal, out, camera, fps, height, Scan(ct, labels, series, patient), overwrite)
    perform(request, Console(highlight=False))


@app.command()
def view(  # noqa: PLR0913 - a command line's options are its nouns
    scenario: Annotated[str, typer.Argument(help="A scenario file, or the name of a shipped one.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Folder for journal and report; new or empty.")
    ] = None,
    exam: Annotated[
        bool, typer.Option("--exam", help="Examination: no hints, no undo, nothing shown beneath skin.")
    ] = False,
    browser: Annotated[bool, typer.Option("--browser", help="In the system's browser, not in a window.")] = False,
    native: Annotated[bool, typer.Option("--native", help="In a plain window, by keyboard, without a page.")] = False,
    real_time: Annotated[
        bool, typer.Option("--real-time/--own-time", help="Whether the time you take passes for the patient.")
    ] = True,
    ct: Annotated[Path | None, typer.Option(help="A CT to perform on: DICOM folder, NIfTI, NRRD or MHA.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Its label map with TotalSegmentator's vertebra numbers.")] = None,
    series: Annotated[str | None, typer.Option(help="Which series, where a DICOM folder holds several.")] = None,
    patient: Annotated[Path | None, typer.Option(help="Imported patient's folder, or phantom's YAML.")] = None,
    learner: Learner = None,
    db: Where = None,
) -> None:
    """Perform a case by hand in a window; leaves journal.jsonl, and at the end report.html."""
    with _extra("viewer"):
        from dekomp_sim.cli.patients import Scan
        from dekomp_sim.cli.view import Request
        from dekomp_sim.cli.view import view as show
    from dekomp_sim.viewer.practice.session import Mode

    mode = Mode.EXAM if exam else Mode.PRACTICE
    request = Request((scenario,), out, Scan(ct, labels, series, patient), mode, real_time, learner, db)
    if native:
        from dekomp_sim.cli.native import perform

        perform(request, Console(highlight=False))
        return
    show(request, Console(highlight=False), browser=browser)


@app.command()
def serve(  # noqa: PLR0913 - a command line's options are its nouns
    scenarios: Annotated[list[str], typer.Argument(help="Scenario files, or names of shipped ones, to choose from.")],
    host: Annotated[str, typer.Option(help="Address to bind; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes any free one.", min=0, max=65535)] = 0,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for journals and reports.")] = None,
    exam: Annotated[bool, typer.Option("--exam", help="Examination, where there is one scenario.")] = False,
    real_time: Annotated[
        bool, typer.Option("--real-time/--own-time", help="Whether the time you take passes for the patient.")
    ] = True,
    learner: Learner = None,
    db: Where = None,
) -> None:
    """Offer cases on a page and print its address with the key that opens it. Ctrl-C ends it."""
    with _extra("viewer"):
        from dekomp_sim.cli.view import Request, offer
    from dekomp_sim.viewer.practice.session import Mode
    from dekomp_sim.viewer.web.server import Address

    mode = Mode.EXAM if exam else Mode.PRACTICE
    request = Request(tuple(scenarios), out, mode=mode, real_time=real_time, learner=learner, db=db)
    offer(request, Address(host, port), Console(highlight=False))


@app.command()
def sweep(  # noqa: PLR0913 - a command line's options are its nouns
    scenario: Annotated[str, typer.Argument(help="A scenario file, or the name of a shipped one.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the cases; new, empty, or one to go on with.")],
    vary: Annotated[
        list[str] | None,
        typer.Option(help="What differs: KEY=LOW:HIGH or KEY=A,B,C, the key by dotted path: card.weight_kg=50:120."),
    ] = None,
    cases: Annotated[int, typer.Option(help="How many cases.", min=1, max=10_000_000)] = 100,
    workers: Annotated[int, typer.Option(help="Processes on this machine.", min=1, max=1024)] = 1,
    scheduler: Annotated[
        str, typer.Option(help="processes or threads of this machine, or a cluster: tcp://host:8786.")
    ] = "processes",
    seed: Annotated[int | None, typer.Option(help="From which all is drawn; the scenario's by default.", min=0)] = None,
    patients: Annotated[int, typer.Option(help="Most different patients that may be built.", min=1)] = 12,
    retry: Annotated[bool, typer.Option("--retry", help="Try failed cases again.")] = False,
) -> None:
    """Perform a scenario many times with what is varied; the same command goes on where one was broken off.

    Leaves results.parquet and report.html. Exits with 1 when a case failed.
    """
    from dekomp_sim.cli.extras import needed

    needed("distributed", "pyarrow", extra="sweep")
    from dekomp_sim.sweep.forking import PROCESSES, start_forkserver, without_collector

    if scheduler == PROCESSES:
        start_forkserver()  # unless `dekomp_sim.__main__` did; it reads beside what follows
    with without_collector():
        from dekomp_sim.cli.sweep import Request, perform

    request = Request(scenario, out, tuple(vary or ()), cases, workers, scheduler, seed, patients, retry)
    if not perform(request, Console(highlight=False)):
        raise typer.Exit(OUTSIDE)


@app.command()
def check(scenarios: Annotated[list[str], typer.Argument(help="Scenario files, or names of shipped ones.")]) -> None:
    """Validate scenarios; every mistake is told with file, line and what is allowed."""
    from dekomp_sim.cli.documents import check_scenarios

    if not check_scenarios(scenarios, typer.echo, lambda text: typer.echo(text, err=True)):
        raise typer.Exit(MISTAKE)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the scenario, and of its file.")],
    folder: Annotated[Path, typer.Option("--in", help="Folder for it.")] = Path(),
) -> None:
    """Write a commented scenario to begin with; it plays as it is."""
    from dekomp_sim.cli.authoring import write_starter

    typer.echo(write_starter(name, folder))


@app.command()
def explain(
    scenario: Annotated[str, typer.Argument(help="A scenario file, or the name of a shipped one.")],
    language: Annotated[str, typer.Option(help="Of its own texts, where it has them: de, fr-CH ...")] = "en",
) -> None:
    """Tell a scenario as a clinician would: who, why, what is planned, what may happen, how it is marked."""
    from dekomp_sim.cli.authoring import explanation

    typer.echo(explanation(scenario, language))


@app.command()
def phantom(
    spec: Annotated[str, typer.Argument(help="A phantom specification, or the name of a shipped one.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The volume to write: .nii.gz, .nii, .nrrd or .mha.")],
) -> None:
    """Write a phantom's CT volume, and its label map beside it."""
    from dekomp_sim.cli.documents import write_phantom

    for path in write_phantom(spec, out):
        typer.echo(path)


@app.command()
def schema(kind: Annotated[Document, typer.Argument(help="Which kind of file.")] = Document.SCENARIO) -> None:
    """Print the JSON schema of scenario, phantom or physical phantom files, by which an editor completes them."""
    from dekomp_sim.cli.documents import schema_text

    typer.echo(schema_text(kind.value))


@app.command()
def validate(
    json: Annotated[Path | None, typer.Option("--json", help="Write the rows to this file as well.")] = None,
) -> None:
    """Recompute every published number the models claim: source, published, ours, inside or not.

    Exits with 1 when a number is outside what was published.
    """
    from dekomp_sim.cli.validate import validate as recompute

    wide = None if sys.stdout.isatty() else PIPED_COLUMNS
    if not recompute(json, Console(highlight=False, width=wide)):
        raise typer.Exit(OUTSIDE)


@app.command()
def regress(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Scenario files, folders of them, or names of shipped ones.")
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Write the baselines instead of comparing.")] = False,
    baselines: Annotated[
        Path | None, typer.Option(help="Folder of the baselines; `baselines` beside each scenario.")
    ] = None,
    page: Annotated[Path, typer.Option(help="Where to write what changed, if anything did.")] = Path("regress.html"),
    any_platform: Annotated[
        bool, typer.Option("--any-platform", help="Compare with baselines of another platform as well.")
    ] = False,
) -> None:
    """Play scenarios and compare state and pictures with their baselines; without paths, those in `scenarios`.

    Exits with 1 when something changed, and shows it in a page. Time is told, and never fails.
    """
    from dekomp_sim.cli.regress import Request
    from dekomp_sim.cli.regress import regress as compare

    wide = None if sys.stdout.isatty() else PIPED_COLUMNS
    request = Request(tuple(paths or ()), baselines, page, update, any_platform)
    result = compare(request, Console(highlight=False, width=wide))
    for mistake in result.mistakes:
        typer.echo(f"dekomp-sim: {mistake}", err=True)
    if result.mistakes:
        raise typer.Exit(MISTAKE)
    if not result.same:
        raise typer.Exit(OUTSIDE)


def main() -> None:
    """Run the command line; a user's mistake becomes one message and exit code 2."""
    try:
        app()
    except DekompSimError as mistake:
        typer.echo(f"dekomp-sim: {mistake}", err=True)
        sys.exit(MISTAKE)
    except BrokenPipeError:
        sys.exit(0)
    finally:
        gc.freeze()  # the system takes all memory back at once; to look through it for cycles took half a second more
