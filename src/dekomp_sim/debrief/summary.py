"""A case in one paragraph of plain clinical English."""

from __future__ import annotations

from dekomp_sim.debrief.metrics import Metrics
from dekomp_sim.debrief.steps import minutes, spoken
from dekomp_sim.disc import OPENING_KPA, Tissue, loaded_response, protrusion_retraction, root_relief
from dekomp_sim.disc.pressure import GREATEST_STUDIED_G
from dekomp_sim.scenario.story import Story
from dekomp_sim.units import psi_from_kpa


def summary(metrics: Metrics, story: Story) -> str:
    """What was done, where the tip ended, what came out, pressure, dose, events, and whether anybody was harmed.

    Parameters
    ----------
    metrics
        The case's figures.
    story
        What was played.
    """
    sentences = (
        _done(metrics, story),
        _placed(metrics),
        _nearest(metrics),
        _removed(metrics),
        _standing(metrics),
        _hypotheses(metrics, story),
        _dose(metrics),
        _felt(metrics),
        _lapses(metrics),
        _outcome(metrics),
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _done(metrics: Metrics, story: Story) -> str:
    what = f"{story.level} was approached from the {story.side}"
    if metrics.procedure_s is None:
        return f"{story.level} was to be approached from the {story.side}; no instrument was set on the skin."
    length = minutes(round(metrics.procedure_s))
    return f"{what} through {_counted(metrics.skin_punctures, 'skin puncture')}, {length} skin to skin."


def _placed(metrics: Metrics) -> str:
    if not metrics.aims:
        return ""
    aim = metrics.aims[0]
    where = "beyond" if aim.past_target_mm >= 0.0 else "short of"
    return (
        f"The {spoken(aim.instrument)}'s tip came within {aim.tip_to_target_mm:.1f} mm of the planned target and came "
        f"to rest {abs(aim.past_target_mm):.1f} mm {where} it, on a line {aim.angle_error_deg:.1f}° off the plan"
        f"{_turned(metrics)}."
    )


def _turned(metrics: Metrics) -> str:
    return f", after {_counted(metrics.redirects, 'redirection')}" if metrics.redirects else ""


def _nearest(metrics: Metrics) -> str:
    if not metrics.gaps:
        return ""
    gap = metrics.gaps[0]
    if gap.distance_mm <= 0.0:
        return f"The {spoken(gap.instrument)} met the {gap.name}."
    return (
        f"The nearest structure at risk was the {gap.name}, {gap.distance_mm:.1f} mm from the {spoken(gap.instrument)}."
    )


def _removed(metrics: Metrics) -> str:
    if metrics.pressure_before_kpa is None or metrics.pressure_after_kpa is None:
        return "No tissue was removed."
    nucleus = sum(part.removed_ml for part in metrics.removed if part.tissue is Tissue.NUCLEUS)
    share = f", {100.0 * nucleus / metrics.removed_ml:.3g} % of it nucleus," if metrics.removed_ml > 0.0 else ""
    before, after = metrics.pressure_before_kpa, metrics.pressure_after_kpa
    return (
        f"In {minutes(round(metrics.probe_s))} of running, {metrics.removed_ml:.2f} mL ({metrics.removed_g:.2f} g) of "
        f"tissue{share} came out, and the pressure in the disc went from {before:.0f} to {after:.0f} kPa "
        f"({psi_from_kpa(before):.0f} to {psi_from_kpa(after):.0f} psi)."
    )


def _standing(metrics: Metrics) -> str:
    """What the loaded disc would do; nothing beyond the masses that were studied."""
    if not 0.0 < metrics.removed_g <= GREATEST_STUDIED_G:
        return ""
    loaded = loaded_response(metrics.removed_g)
    return (
        f"Standing, such a disc is {abs(loaded.height_mm):.1f} mm lower and bulges {loaded.bulge_mm:.2f} mm more all "
        "round: it does not draw itself in."
    )


def _hypotheses(metrics: Metrics, story: Story) -> str:
    """What the scenario supposes of protrusion and root: told as supposed."""
    card = story.card
    if metrics.pressure_after_kpa is None or not (card.retraction_share or card.relief_share):
        return ""
    back = protrusion_retraction(metrics.pressure_after_kpa, OPENING_KPA, card.retraction_share)
    gone = root_relief(metrics.pressure_after_kpa, OPENING_KPA, card.relief_share)
    return (
        f"Hypothesis, evidence mixed: with the scenario's shares of {card.retraction_share:g} and "
        f"{card.relief_share:g}, the protrusion would go back by {back * card.herniation_mm:.1f} of "
        f"{card.herniation_mm:g} mm, and the leg's pain fall from {card.leg_pain:g} to "
        f"{card.leg_pain * (1.0 - gone):.1f} of 10."
    )


def _dose(metrics: Metrics) -> str:
    return f"{_by_c_arm(metrics)} {_by_ct(metrics)}".strip() or "No X-ray was used."


def _by_ct(metrics: Metrics) -> str:
    if not metrics.ct_acquisitions:
        return ""
    took = _counted(metrics.ct_acquisitions, "CT acquisition").capitalize().replace("ct", "CT")
    live = f" with {metrics.ct_fluoroscopy_s:.1f} s of CT fluoroscopy" if metrics.ct_fluoroscopy_s else ""
    return f"{took}{live} gave {metrics.ct_dlp_mgycm:.0f} mGy cm, about {metrics.ct_effective_msv:.1f} mSv."


def _by_c_arm(metrics: Metrics) -> str:
    if not metrics.exposures:
        return ""
    shots = _counted(metrics.exposures, "exposure").capitalize()
    return (
        f"{shots} with {metrics.fluoroscopy_s:.1f} s of fluoroscopy gave "
        f"{metrics.air_kerma_reference_mgy:.1f} mGy at the reference point and {metrics.kap_gycm2:.2f} Gy cm²."
    )


def _felt(metrics: Metrics) -> str:
    if metrics.worst_pain <= 0.0:
        return ""
    touched = f"; a nerve was touched {_times(metrics.nerve_contacts)}" if metrics.nerve_contacts else ""
    return f"The worst pain was {metrics.worst_pain:.2g} of 10{touched}."


def _lapses(metrics: Metrics) -> str:
    parts = (
        (metrics.lapses, _counted(metrics.lapses, "lapse of good practice", "lapses of good practice")),
        (metrics.refused, f"{_counted(metrics.refused, 'refused step')}"),
    )
    named = " and ".join(words for count, words in parts if count)
    return f"The record holds {named}." if named else ""


def _outcome(metrics: Metrics) -> str:
    if not metrics.harmed:
        return "Nothing was injured."
    return f"The case ended in harm: {' '.join(metrics.harms)}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun.

    Examples
    --------
    >>> _counted(3, "exposure"), _counted(1, "exposure"), _counted(12, "exposure")
    ('three exposures', 'one exposure', '12 exposures')
    """
    small = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    number = small[count] if count < len(small) else str(count)
    return f"{number} {one if count == 1 else many or one + 's'}"
