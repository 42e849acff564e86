"""A case as a film: the script, the frames, the file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.arrays import UInt8Array
from dekomp_sim.cli import film as film_command
from dekomp_sim.cli.app import main
from dekomp_sim.errors import InputError, OutOfRangeError
from dekomp_sim.files import Journal, png_bytes
from dekomp_sim.procedure import actions as do
from dekomp_sim.scenario import Story, record
from dekomp_sim.viewer.film import files
from dekomp_sim.viewer.film.cues import LEAST_S, MOST_S, Cue, cues, fitting
from dekomp_sim.viewer.film.files import place_of, write_film
from dekomp_sim.viewer.film.reel import Filming, Held, reel
from dekomp_sim.viewer.film.sheet import Sheet, wrapped
from dekomp_sim.viewer.panes.marks import length, paper, stamp
from dekomp_sim.viewer.practice.session import Session
from dekomp_sim.viewer.probe import Renderer
from dekomp_sim.viewer.scene.cameras import Orbit, View

pytestmark = pytest.mark.usefixtures("planned_once")

STORY = Story(
    1,
    "a needle and a picture",
    Level.L4_L5,
    Side.LEFT,
    (
        do.AssessCandidate(),
        do.Consent(),
        do.PositionProne(),
        do.TimeOut(Level.L4_L5, Side.LEFT),
        do.PrepareSterileField(),
        do.SetView(do.View.AP),
        do.SetView(do.View.LATERAL),
        do.Insert("discography_introducer"),
        do.Advance("discography_introducer", to_depth_mm=70.0),
        do.Expose(frames=4, note="the tip short of the disc"),
        do.Remove("discography_introducer"),
        do.Remove("discography_introducer"),
    ),
    seed=5,
)

SMALL = Filming(fps=3, height=144)


@pytest.fixture(scope="module")
def performed(glass: Patient) -> Session:
    session = Session(STORY, glass)
    for step in STORY.steps:
        session.act(step)
    return session


@pytest.fixture(scope="module")
def script(performed: Session) -> tuple[Cue, ...]:
    return tuple(cues(performed.moments))


@pytest.fixture(scope="module")
def frames(performed: Session, script: tuple[Cue, ...], renderer: Renderer) -> list[Held]:
    return list(reel(STORY, performed.patient, script[-6:], SMALL, renderer))


def one(script: tuple[Cue, ...], kind: type) -> Cue:
    return next(cue for cue in script if isinstance(cue.action, kind))


def test_every_step_is_on_screen_in_its_order_long_enough_to_be_read(script: tuple[Cue, ...]) -> None:
    assert [cue.action for cue in script] == list(STORY.steps)
    for cue in script:
        letters = len(cue.words) + sum(len(words) for words, _ in cue.lines)
        assert LEAST_S <= cue.still_s <= MOST_S
        # 17 letters a second is what subtitles allow at most.
        assert cue.still_s == MOST_S or letters / cue.still_s <= 17.0 + 1e-9


def test_what_is_noted_said_and_refused_is_in_the_caption(script: tuple[Cue, ...]) -> None:
    assert "the tip short of the disc" in [words for words, _ in one(script, do.Expose).lines]
    assert any("Time-out: L4-L5, left" in words for words, _ in one(script, do.TimeOut).lines)
    assert any(words.startswith("Refused: remove") for words, _ in script[-1].lines)


def test_an_instrument_glides_from_where_it_was_to_where_it_is(script: tuple[Cue, ...]) -> None:
    cue = one(script, do.Advance)
    assert cue.glide_s == pytest.approx(70.0 / 40.0)
    depths = [cue.gliding(share).placements["discography_introducer"].depth_mm for share in (0.0, 0.25, 0.5, 1.0)]
    assert depths == pytest.approx([0.0, 17.5, 35.0, 70.0])
    assert cue.gliding(1.0) is cue.later


def test_an_instrument_taken_out_glides_to_the_skin_and_is_gone(script: tuple[Cue, ...]) -> None:
    cue = next(cue for cue in script if isinstance(cue.action, do.Remove))
    assert cue.gliding(0.5).placements["discography_introducer"].depth_mm == pytest.approx(35.0)
    assert not cue.gliding(1.0).placements


def test_the_c_arm_turns_the_shorter_way_on_film(script: tuple[Cue, ...]) -> None:
    cue = next(cue for cue in script if isinstance(cue.action, do.SetView) and cue.action.view is do.View.LATERAL)
    assert cue.before.carm is not None
    assert cue.later.carm is not None
    half = cue.gliding(0.5).carm
    assert half is not None
    turned = (half.primary_deg - cue.before.carm.primary_deg + 180.0) % 360.0 - 180.0
    assert abs(turned) == pytest.approx(45.0)


def test_time_that_merely_passed_is_not_filmed(glass: Patient) -> None:
    ticking = iter(np.arange(0.0, 1000.0, 20.0).tolist())
    session = Session(STORY, glass, clock=lambda: next(ticking))
    session.act(do.AssessCandidate())
    session.act(do.Consent())
    assert any(moment.idle for moment in session.moments)
    assert [cue.action.do for cue in cues(session.moments)] == ["assess_candidate", "consent"]


def test_the_film_goes_nearer_as_the_tip_does(script: tuple[Cue, ...]) -> None:
    assert fitting(script[0].later) is View.ROOM
    assert fitting(one(script, do.Insert).later) is View.OVERVIEW
    assert fitting(one(script, do.Expose).later) is View.CLOSE_UP


def test_a_film_has_a_card_each_step_and_a_card_and_lasts_as_its_script_says(
    frames: list[Held], script: tuple[Cue, ...]
) -> None:
    wanted_s = 2 * 3.5 + sum(cue.seconds for cue in script[-6:])
    # Each of the parts, four a step at most, is rounded to whole frames.
    assert sum(held.frames for held in frames) / SMALL.fps == pytest.approx(wanted_s, abs=6 * 4 * 0.5 / SMALL.fps)
    assert {held.picture.shape for held in frames} == {(144, 256, 3)}


def says_simulated(picture: UInt8Array) -> bool:
    """Whether the notice stands at the foot, where `stamp` puts it, or on a card, in larger letters."""
    bare = paper(*picture.shape[:2])
    stamped = bare.copy()
    stamp(stamped, 9)
    ink = (stamped.astype(int) - bare).max(axis=2) > 60
    there = picture.astype(int).max(axis=2)
    return bool(ink.sum() > 20 and (there[ink] > 60).mean() > 0.9) or bool((there[-20:] > 150).sum() > 60)


def test_every_frame_says_that_it_is_simulated(frames: list[Held]) -> None:
    assert all(says_simulated(held.picture) for held in frames)
    assert not says_simulated(paper(144, 256))


def test_the_same_case_gives_the_same_frames_to_the_byte(
    performed: Session, script: tuple[Cue, ...], renderer: Renderer, frames: list[Held]
) -> None:
    again = list(reel(STORY, performed.patient, script[-6:], SMALL, renderer))
    assert [png_bytes(held.picture) for held in again] == [png_bytes(held.picture) for held in frames]


def test_each_pulse_of_the_beam_is_another_picture(frames: list[Held], script: tuple[Cue, ...]) -> None:
    side = slice(0, 96), slice(160, 256)
    radiographs = {held.picture[side].tobytes() for held in frames[1:-1]}
    # Dark before the first of 4 pulses, of which 3 fit into 0.8 s at 3 frames/s or fewer, and the last image hold.
    assert len(radiographs) >= 4


def test_another_camera_gives_another_film(
    performed: Session, script: tuple[Cue, ...], renderer: Renderer, frames: list[Held]
) -> None:
    how = replace(SMALL, view=Orbit(20.0, 10.0, 300.0))
    other = list(reel(STORY, performed.patient, script[-1:], how, renderer))
    assert (other[1].picture[:120, :160] != frames[-2].picture[:120, :160]).any()


def test_a_film_in_one_file_can_be_read_again(frames: list[Held], tmp_path: Path) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="no encoder is installed")
    place = tmp_path / "case.mp4"
    written = write_film(frames, place, 3)
    found, seconds = ffmpeg.count_frames_and_secs(str(place))
    assert found == written == sum(held.frames for held in frames)
    assert seconds == pytest.approx(written / 3.0, abs=0.5)
    assert [path.name for path in tmp_path.iterdir()] == ["case.mp4"]


def test_without_an_encoder_the_frames_are_left_as_pictures_with_a_list(
    frames: list[Held], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    place = place_of(tmp_path / "case.mp4")
    assert place == tmp_path / "case_frames"
    write_film(frames, place, 3)
    listed = (place / "frames.txt").read_text().splitlines()
    assert listed[0] == "ffconcat version 1.0"
    shown_s = sum(float(line.split()[1]) for line in listed if line.startswith("duration"))
    assert shown_s == pytest.approx(sum(held.frames for held in frames) / 3.0, abs=1e-3)
    assert len(list(place.glob("*.png"))) == len(frames)


def test_a_film_that_breaks_off_leaves_nothing(frames: list[Held], tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="no encoder is installed")

    def broken() -> Iterator[Held]:
        yield from frames[:2]
        raise RuntimeError("the lamp is out")

    with pytest.raises(RuntimeError, match="the lamp is out"):
        write_film(broken(), tmp_path / "case.mp4", 3)
    assert not list(tmp_path.iterdir())


def test_mistakes_are_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found a film named \.avi; allowed: a name that ends in \.mp4"):
        place_of(tmp_path / "case.avi")
    (tmp_path / "case.mp4").touch()
    with pytest.raises(InputError, match="a file that exists"):
        place_of(tmp_path / "case.mp4")
    with pytest.raises(InputError, match="no such folder"):
        place_of(tmp_path / "nowhere" / "case.mp4")
    for height in (100, 72, 2232):
        with pytest.raises(OutOfRangeError, match="height of the film"):
            Sheet(height)


def test_words_are_broken_between_words_where_the_line_ends() -> None:
    lines = list(wrapped(["one two three four five six seven"], 20, 150.0))
    assert " ".join(lines) == "one two three four five six seven"
    assert len(lines) > 1
    assert all(length(line, 20) <= 150.0 for line in lines)


def test_the_command_films_a_journal(
    performed: Session,
    renderer: Renderer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, record.header(STORY, performed.patient)) as journal:
        session = Session(STORY, performed.patient, record=journal.append)
        for step in STORY.steps[:3]:
            session.act(step)
    monkeypatch.setattr(film_command, "patient_of", lambda story, scan: performed.patient)
    monkeypatch.setattr(film_command, "probe", lambda: renderer)
    out = tmp_path / "frames"
    monkeypatch.setattr(sys, "argv", ["dekomp-sim", "film", str(path), "-o", str(out), "--fps", "1", "--height", "144"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert f"Film: {out.resolve()}" in capsys.readouterr().out.replace("\n", "")
    assert len(list(out.glob("*.png"))) == 2 + 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--camera", "behind"], "camera: found 'behind'; allowed: close-up, overview, axial, room, needle"),
        (["--fps", "0"], "--fps: found 0; allowed: 1 to 60"),
        (["--height", "700"], "height of the film: found 700; allowed: a multiple of 72"),
    ],
)
def test_a_wrong_option_is_one_message_and_exit_code_2(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["dekomp-sim", "film", "none.jsonl", "-o", str(tmp_path / "x.mp4"), *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
