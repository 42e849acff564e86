"""The validation: every number inside, every kind of row honest, and a wrong number told."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from dekomp_sim.anatomy import Patient
from dekomp_sim.cli.app import main
from dekomp_sim.cli.validate import verdict
from dekomp_sim.validation import Basis, Finding, Published, Row, as_record, find, rows_for

FIDELITY = Path(__file__).parents[2] / "docs" / "fidelity.md"


@pytest.fixture(scope="module")
def findings(coarse_phantom: Patient) -> tuple[Finding, ...]:
    return find(rows_for(coarse_phantom))


def test_every_published_number_is_met(findings: tuple[Finding, ...]) -> None:
    assert [(found.row.what, found.row.published.text, found.ours) for found in findings if not found.inside] == []


def test_every_room_is_there_and_each_row_names_its_source_and_spread(findings: tuple[Finding, ...]) -> None:
    assert {found.row.room for found in findings} == {
        "Matter and X-ray", "Scatter and dose", "Spine of the built-in patient", "Instruments", "Disc mechanics",
        "Removal", "Awake patient", "CT scanner",
    }  # fmt: skip
    assert all(found.row.source and found.row.published.spread and found.row.published.text for found in findings)
    names = [found.row.what for found in findings]
    assert len(set(names)) == len(names)


def test_the_x_ray_rows_cover_filtering_attenuation_and_dose(findings: tuple[Finding, ...]) -> None:
    names = {found.row.what for found in findings}
    assert names >= {
        "half-value layer, 80 kV, 3 mm Al + 0.1 mm Cu", "half-value layer of RQR, 70 kV", "mu/rho of water, 60 keV",
        "mu/rho of iodine, 40 keV", "kerma behind 20 cm of water, 80 kV",
        "kerma-area product of a level of discography", "operator's dose, a level of discography, glasses",
    }  # fmt: skip


def test_the_needles_rows_are_the_published_table_and_a_bend_of_another_size_would_be_outside(
    findings: tuple[Finding, ...],
) -> None:
    rows = [found for found in findings if found.row.what.startswith("deflection, ")]
    assert [found.row.published.text for found in rows] == [
        "9.96 +- 0.77", "8.89 +- 0.17", "7.71 +- 1.16", "7.64 +- 0.16", "0.73 +- 0.34",
    ]  # fmt: skip
    assert all(not replace(found, ours=2.0 * found.ours).inside for found in rows)


def test_every_row_would_be_told_if_its_number_were_another(findings: tuple[Finding, ...]) -> None:
    for found in findings:
        published, gap = found.row.published, 1e-6 + 0.01 * abs(found.ours)
        moved = replace(published, low=found.ours + gap, high=max(published.high, found.ours) + 2.0 * gap)
        wrong = replace(found, row=replace(found.row, published=moved))
        assert not wrong.inside, found.row.what
        assert verdict((wrong,)).endswith(f"outside: {found.row.what}.")


def test_no_row_passes_by_being_open_at_both_ends_or_empty(findings: tuple[Finding, ...]) -> None:
    for found in findings:
        published = found.row.published
        assert published.low < published.high, found.row.what
        assert math.isfinite(published.low) or math.isfinite(published.high), found.row.what


def test_all_three_kinds_of_agreement_are_told_apart(findings: tuple[Finding, ...]) -> None:
    kinds = {basis: [found.row.what for found in findings if found.row.basis is basis] for basis in Basis}
    assert "elastance, Dallas 0" in kinds[Basis.INPUT]
    assert "rate of removal, 60 s" in kinds[Basis.CALIBRATED]
    assert "operator's dose, a level of discography, glasses" in kinds[Basis.PREDICTED]


@pytest.mark.parametrize(
    ("published", "ours", "inside"),
    [
        (Published.mean(43.0, 9.6), 33.4, True),
        (Published.mean(43.0, 9.6), 33.3, False),
        (Published.people(17.5, 2.9), 23.3, True),
        (Published.about(-0.8, 0.1, "two digits"), -0.88, True),
        (Published.about(-0.8, 0.1, "two digits"), -0.89, False),
        (Published.near(660.0, 0.5, "printed in mm"), 661.0, False),
        (Published.between(2.9, math.inf), 1e6, True),
        (Published.factor(20.0, 2.0, "a rule"), 9.9, False),
        (Published.between(0.0, 1.0), math.nan, False),
    ],
)
def test_inside_means_between_the_ends(published: Published, ours: float, inside: bool) -> None:
    found = Finding(Row("room", "what", "mm", "paper", published, Basis.PREDICTED, lambda: ours), ours)
    assert found.inside is inside
    assert json.loads(json.dumps(as_record(found), allow_nan=False))["inside"] is inside


def test_the_command_prints_and_writes_every_row_and_exits_with_1_when_one_is_outside(
    coarse_phantom: Patient, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = Row("Room", "good", "mm", "paper A", Published.near(1.0, 0.1, "printed"), Basis.INPUT, lambda: 1.05)
    bad = Row("Room", "bad", "mm", "paper B", Published.near(1.0, 0.1, "printed"), Basis.PREDICTED, lambda: 2.0)
    monkeypatch.setattr("dekomp_sim.cli.validate.phantom_patient", lambda _: coarse_phantom)
    for rows, code in (((good,), 0), ((good, bad), 1)):
        monkeypatch.setattr("dekomp_sim.cli.validate.rows_for", lambda _, rows=rows: rows)
        monkeypatch.setattr("sys.argv", ["dekomp-sim", "validate", "--json", str(tmp_path / "rows.json")])
        with pytest.raises(SystemExit) as ended:
            main()
        assert int(ended.value.code or 0) == code
        told = capsys.readouterr().out
        assert all(row.what in told and row.source in told for row in rows)
        written = json.loads((tmp_path / "rows.json").read_text())["rows"]
        assert [(row["what"], row["inside"]) for row in written] == [(row.what, row is good) for row in rows]
    assert "OUTSIDE" in told
    assert told.strip().endswith("2 numbers (1 input, 0 calibrated, 1 predicted): outside: bad.")
    assert verdict(find((good,))).endswith("all inside.")


def test_the_page_of_fidelity_names_the_command() -> None:
    assert "dekomp-sim validate" in FIDELITY.read_text()
