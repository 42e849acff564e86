"""A short case is played, told in a paragraph, and written as one file that opens anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from dekomp_sim.anatomy import Level, Patient, Side
from dekomp_sim.debrief.curves import curves
from dekomp_sim.debrief.metrics import Metrics, measure
from dekomp_sim.debrief.plots import plots
from dekomp_sim.debrief.report import UNCERTAINTY, Report, Still, report_html, report_json, stills
from dekomp_sim.debrief.steps import asked, objectives, steps, told
from dekomp_sim.debrief.summary import summary
from dekomp_sim.debrief.tables import adding_up, dose_table
from dekomp_sim.procedure import Case, case_digest
from dekomp_sim.procedure import actions as do
from dekomp_sim.scenario import Objectives, Story, play

BANNER = "SIMULATED - NOT FOR CLINICAL USE"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
"""One black pixel."""

STEPS: tuple[do.Action, ...] = (
    do.Incise(),  # refused: no time-out yet
    do.AssessCandidate(),
    do.Consent(),
    do.GiveAntibiotic(),
    do.Wait(1200.0),
    do.PositionProne(),
    do.TimeOut(Level.L4_L5, Side.LEFT),
    do.PrepareSterileField(),
    do.SetView(do.View.AP),
    do.Expose(spot=True, note="AP <before> the puncture"),
    do.Insert("anaesthetic_needle"),
    do.Advance("anaesthetic_needle", to_depth_mm=5.0),
    do.Anaesthetise(3.0),
    do.Wait(70.0),
    do.Remove("anaesthetic_needle"),
    do.Incise(),
    do.Insert("trocar_cannula"),
    do.Advance("trocar_cannula", to=do.Mark.NUCLEUS, offset_mm=4.0),
    do.Expose(frames=3),
    do.SetView(primary_deg=90.0, secondary_deg=0.0),
    do.Expose(kv=100.0, frames=5, note="lateral"),
    do.RemoveStylet(),
    do.InsertProbe(),
    do.Decompress(strokes=10, stroke_mm=8.0, seconds=30.0),
    do.Remove("probe"),
    do.SendSpecimen(),
    do.Remove("trocar_cannula"),
    do.Bandage(),
)


def story_of(*actions: do.Action, **extra: Any) -> Story:
    return Story(dekomp_sim=1, title="A <b>short</b> case", level=Level.L4_L5, side=Side.LEFT, steps=actions, **extra)


@pytest.fixture(scope="module")
def story() -> Story:
    goals = Objectives(removed_ml_at_least=0.1, exposures_at_most=2)
    return story_of(*STEPS, summary="Leg pain & no end", objectives=goals)


@pytest.fixture(scope="module")
def cases(story: Story, glass: Patient) -> tuple[Case, ...]:
    return play(story, glass)


@pytest.fixture(scope="module")
def metrics(cases: tuple[Case, ...]) -> Metrics:
    return measure(cases)


@pytest.fixture(scope="module")
def report(story: Story, cases: tuple[Case, ...], metrics: Metrics) -> Report:
    pictures = stills(story, cases, [PNG] * len(cases[-1].exposures))
    scene = Still("3D", "", 0.0, PNG, 'The "scene"')
    return Report(story, cases, metrics, case_digest(cases[-1]), (*pictures, scene), {"command": "run <x>"})


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return report_html(report)


class Page(HTMLParser):
    """What a test asks of a page: its tags with their attributes, and the text of its cells by table caption."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.tables: list[list[list[str]]] = []
        self._cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._cell = False

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._cell:
            self.tables[-1][-1][-1] += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    def table_with(self, heading: str) -> list[list[str]]:
        return next(table for table in self.tables if any(heading in cell for cell in table[0]))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_banner_stands_at_the_top_and_at_the_foot(page: Page) -> None:
    words = [word.strip() for word in page.words if word.strip()]
    assert words.count(BANNER) == 2
    assert BANNER in words[:4]
    assert BANNER in words[-2:]


def test_the_file_asks_for_nothing_outside_itself(html: str, page: Page) -> None:
    for name, attrs in page.tags:
        for key in ("src", "href", "action", "srcset", "data"):
            target = attrs.get(key)
            assert target is None or target.startswith(("data:image/", "#")), f"{name} {key}={target}"
    assert not page.of("script")
    assert not page.of("link")
    css = re.search(r"<style>(.*)</style>", html, re.S)
    assert css is not None
    assert "url(" not in css.group(1)
    assert "@import" not in css.group(1)


def test_its_policy_allows_its_own_style_and_pictures_only(html: str, page: Page) -> None:
    policy = next(a["content"] for a in page.of("meta") if a.get("http-equiv") == "Content-Security-Policy") or ""
    css = re.search(r"<style>(.*)</style>", html, re.S)
    assert css is not None
    digest = base64.b64encode(hashlib.sha256(css.group(1).encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not [attrs for _, attrs in page.tags if "style" in attrs]  # the policy would refuse them


def test_words_of_a_scenario_cannot_become_markup(html: str) -> None:
    assert "A &lt;b&gt;short&lt;/b&gt; case" in html
    assert "AP &lt;before&gt; the puncture" in html
    assert "run &lt;x&gt;" in html
    assert "<b>short</b>" not in html


def test_a_reader_who_sees_nothing_is_told_what_is_there(page: Page) -> None:
    assert page.of("html")[0]["lang"] == "en"
    assert all(attrs.get("alt") for attrs in page.of("img"))
    assert len(page.of("caption")) == len(page.of("table"))
    assert all(attrs.get("scope") for attrs in page.of("th"))
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_every_exposure_has_its_picture_in_order_with_its_note(page: Page, cases: tuple[Case, ...]) -> None:
    captions = [attrs["alt"] for attrs in page.of("img") if (attrs["src"] or "").startswith("data:image/png")]
    assert len(captions) == len(cases[-1].exposures) + 1
    assert captions[0] == "Simulated X-ray, AP view. AP <before> the puncture"
    assert captions[2] == "Simulated X-ray, 90°, 0° view. lateral"


def test_pictures_that_are_missing_are_noticed(story: Story, cases: tuple[Case, ...]) -> None:
    with pytest.raises(ValueError, match="zip"):
        stills(story, cases, [PNG])


def test_doses_add_up_as_they_are_shown(page: Page, metrics: Metrics) -> None:
    table = page.table_with("KAP, Gy cm²")
    rows, total = table[1:-1], table[-1]
    assert len(rows) == metrics.exposures
    for column, decimals in ((-1, 4), (-2, 3), (-3, 3), (-4, 0)):
        assert sum(float(row[column]) for row in rows) == pytest.approx(float(total[column]), abs=10.0**-9)
        assert decimals == 0 or len(total[column].partition(".")[2]) == decimals
    assert float(total[-1]) == pytest.approx(metrics.kap_gycm2, abs=0.5e-4)
    assert float(total[-2]) == pytest.approx(metrics.air_kerma_reference_mgy, abs=0.5e-3)
    assert UNCERTAINTY in page.words
    assert "35 %" in UNCERTAINTY


def test_rounding_for_a_sum_moves_no_value_by_a_whole_last_digit() -> None:
    values = [0.12344, 0.00051, 7.3, 0.0004999, 1e-9, 2.0 / 3.0]
    shown = adding_up(values, 3)
    assert sum(map(float, shown)) == pytest.approx(round(sum(values), 3), abs=1e-12)
    assert all(abs(float(one) - value) < 1e-3 for one, value in zip(shown, values, strict=True))


def test_the_receipt_says_where_the_tissue_is_and_that_none_is_lost(page: Page, html: str, metrics: Metrics) -> None:
    table = page.table_with("Collected, mL")
    for row in table[1:]:
        first, left, cannula, collected = map(float, row[1:5])
        assert first == pytest.approx(left + cannula + collected, abs=2e-4)  # four rounded numbers
    assert float(table[-1][4]) == pytest.approx(metrics.removed_ml, abs=0.5e-4)
    found = re.search(r"difference (-?\d\.\de[-+]\d\d) mL", html)
    assert found is not None
    assert abs(float(found.group(1))) < 1e-12


def test_refused_steps_stand_in_view_with_their_reason(page: Page) -> None:
    text = " ".join(" ".join(page.words).split())
    assert "Refused steps" in text
    assert "step 1: Cut the skin, 3 mm. First: time out." in text.replace(" :", ":")


def test_objectives_are_compared(story: Story, metrics: Metrics) -> None:
    asked_of = objectives(story, metrics)
    assert [goal.words for goal in asked_of] == ["Remove at least 0.1 mL", "Exposures at most 2"]
    assert [goal.met for goal in asked_of] == [True, False]


def test_the_same_case_gives_the_same_bytes(report: Report, html: str) -> None:
    assert report_html(report) == html


def test_figures_say_their_units_and_hold_no_date(cases: tuple[Case, ...]) -> None:
    made = plots(cases, curves(cases))
    for plot, unit in zip(made, ("mm", "(mm)", "(N)", "(mm)", "(kPa)", "(mL)", "(Gy cm²)", "mmHg"), strict=True):
        assert unit in plot.svg, plot.title
        assert "<dc:date>" not in plot.svg


def test_the_data_are_plain_sorted_and_finite(report: Report) -> None:
    found = report_json(report.story, report.cases, report.metrics, report.digest, report.extras)
    text = json.dumps(found, allow_nan=False)
    assert list(found) == sorted(found)
    assert json.loads(text) == found
    assert found["notice"] == BANNER
    assert found["digest"] == report.digest
    assert found["harm"] is False
    assert found["metrics"]["removed_ml"] == {"unit": "mL", "value": report.metrics.removed_ml}
    assert [part["tissue"] for part in found["removal"]["tissues"]] == ["nucleus", "annulus", "endplate", "protrusion"]
    assert found["dose_totals"]["kap_gycm2"] == pytest.approx(sum(e["dose"]["kap_gycm2"] for e in found["exposures"]))
    assert len(found["steps"]) == len(STEPS)
    assert found["steps"][0]["events"][0]["kind"] == "refused"
    assert len(found["curves"]["clock_s"]) == len(STEPS) + 1
    assert found["curves"]["depth_mm"]["probe"][0] is None


def test_the_paragraph_tells_the_case_to_a_clinician(story: Story, metrics: Metrics) -> None:
    words = summary(metrics, story)
    assert words.startswith("L4-L5 was approached from the left through two skin punctures, ")
    assert f"{metrics.removed_ml:.2f} mL ({metrics.removed_g:.2f} g) of tissue" in words
    assert "Three exposures with 1.0 s of fluoroscopy" in words
    assert "one refused step" in words
    assert words.endswith("Nothing was injured.")
    assert "\n" not in words


def test_the_loaded_disc_bulges_more_and_what_is_only_supposed_is_told_as_supposed(
    story: Story, metrics: Metrics
) -> None:
    plain = summary(metrics, story)
    assert f"{0.8 * metrics.removed_g:.1f} mm lower and bulges {0.2 * metrics.removed_g:.2f} mm more all round" in plain
    assert "Hypothesis" not in plain
    supposed = replace(story, card=replace(story.card, retraction_share=0.5, relief_share=0.8))
    emptied = replace(metrics, pressure_after_kpa=25.0)
    words = summary(emptied, supposed)
    assert "Hypothesis, evidence mixed: with the scenario's shares of 0.5 and 0.8" in words
    assert "go back by 1.7 of 4.5 mm, and the leg's pain fall from 7.5 to 3.0 of 10." in words


def test_a_case_that_ends_in_harm_says_so_first_and_last(glass: Patient) -> None:
    root = next(strand for strand in glass.strands if strand.name == "left L4 exiting root")
    x, y, z = root.path_mm[len(root.path_mm) // 2].tolist()
    prepared = tuple(step for step in STEPS[1:8])
    tale = story_of(
        *prepared,
        do.Insert("discography_needle", do.Point(x, 72.0, z), do.Point(x, y, z)),
        do.Advance("discography_needle", to_depth_mm=72.0 - y),
        do.Remove("discography_needle"),
    )
    cases = play(tale, glass)
    metrics = measure(cases)
    assert metrics.harmed
    assert metrics.gaps[0].distance_mm < 0.0
    assert "The case ended in harm: The discography needle goes through: the left L4" in summary(metrics, tale)
    text = report_html(Report(tale, cases, metrics, case_digest(cases[-1])))
    assert "✕ The case ended in harm" in text
    assert "✓ No harm" not in text
    assert "It shoots down my left leg" in text


def test_a_case_in_which_nothing_happened_still_makes_a_report(glass: Patient) -> None:
    tale = story_of(do.Wait(5.0))
    cases = play(tale, glass)
    metrics = measure(cases)
    text = report_html(Report(tale, cases, metrics, case_digest(cases[-1])))
    assert "not done" in text
    assert "No X-ray was used." in text
    assert "no instrument was set on the skin" in summary(metrics, tale)
    json.dumps(report_json(tale, cases, metrics, "0"), allow_nan=False)


def test_each_action_and_event_can_be_said(story: Story, cases: tuple[Case, ...]) -> None:
    for step in steps(story.steps, cases):
        assert step.words.endswith(".")
        assert "_" not in step.words
        assert all(told(event) for event in step.events)
    assert asked(do.Redirect("probe", 2.0, -1.5)) == "Redirect the probe: +2° medially, -1.5° cranially."
    assert asked(do.Withdraw("probe", to_depth_mm=20.0)) == "Withdraw the probe to 20 mm below the skin."
    assert asked(do.Insert("probe", entry_lateral_mm=-4.0)) == "Insert the probe, -4 mm lateral of the planned entry."


def test_steps_and_cases_must_belong_together(story: Story, cases: tuple[Case, ...]) -> None:
    with pytest.raises(ValueError, match="zip"):
        steps(story.steps, cases[:-1])
    with pytest.raises(ValueError, match="zip"):
        dose_table(replace(story, steps=story.steps[:-1]).steps, cases)
