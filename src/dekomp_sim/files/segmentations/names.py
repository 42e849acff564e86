"""What people call the structures of a segmentation, and the number that TotalSegmentator gives them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

from dekomp_sim.anatomy.labels import VERTEBRAE
from dekomp_sim.errors import InputError

NAMES: Final = (
    *("spleen", "kidney_right", "kidney_left", "gallbladder", "liver", "stomach", "pancreas", "adrenal_gland_right"),
    *("adrenal_gland_left", "lung_upper_lobe_left", "lung_lower_lobe_left", "lung_upper_lobe_right"),
    *("lung_middle_lobe_right", "lung_lower_lobe_right", "esophagus", "trachea", "thyroid_gland", "small_bowel"),
    *("duodenum", "colon", "urinary_bladder", "prostate", "kidney_cyst_left", "kidney_cyst_right", "sacrum"),
    *("vertebrae_S1", *(f"vertebrae_L{n}" for n in range(5, 0, -1)), *(f"vertebrae_T{n}" for n in range(12, 0, -1))),
    *(f"vertebrae_C{n}" for n in range(7, 0, -1)),
    *("heart", "aorta", "pulmonary_vein", "brachiocephalic_trunk", "subclavian_artery_right"),
    *("subclavian_artery_left", "common_carotid_artery_right", "common_carotid_artery_left"),
    *("brachiocephalic_vein_left", "brachiocephalic_vein_right", "atrial_appendage_left", "superior_vena_cava"),
    *("inferior_vena_cava", "portal_vein_and_splenic_vein", "iliac_artery_left", "iliac_artery_right"),
    *("iliac_vena_left", "iliac_vena_right", "humerus_left", "humerus_right", "scapula_left", "scapula_right"),
    *("clavicula_left", "clavicula_right", "femur_left", "femur_right", "hip_left", "hip_right", "spinal_cord"),
    *("gluteus_maximus_left", "gluteus_maximus_right", "gluteus_medius_left", "gluteus_medius_right"),
    *("gluteus_minimus_left", "gluteus_minimus_right", "autochthon_left", "autochthon_right", "iliopsoas_left"),
    *("iliopsoas_right", "brain", "skull", *(f"rib_left_{n}" for n in range(1, 13))),
    *(*(f"rib_right_{n}" for n in range(1, 13)), "sternum", "costal_cartilages"),
)
"""TotalSegmentator's names in the order of their numbers from 1 (class map "total", version 2)."""

_BY_WORDS: Final = {tuple(sorted(name.lower().split("_"))): number for number, name in enumerate(NAMES, 1)}

_REGIONS: Final = {
    **dict.fromkeys(("l", "lumbar", "lwk", "lw", "lendenwirbel"), "L"),
    **dict.fromkeys(("t", "th", "d", "thoracic", "dorsal", "bwk", "bw", "brustwirbel"), "T"),
    **dict.fromkeys(("s", "sacral", "sw", "swk"), "S"),
    **dict.fromkeys(("c", "cervical", "hwk", "hw", "halswirbel"), "C"),
}
"""What stands for a region of the spine: English words, letters, and the clinic's in German."""

_ORDINALS: Final = {
    word: number
    for number, words in enumerate(
        (
            *("first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th", "seventh 7th"),
            *("eighth 8th", "ninth 9th", "tenth 10th", "eleventh 11th", "twelfth 12th"),
        ),
        1,
    )
    for word in words.split()
}

_BESIDES: Final = frozenset(("vertebra", "vertebrae", "vertebral", "vert", "bone", "seg", "segment", "mask", "label",
                             "spine", "spinal", "of", "the"))  # fmt: skip
"""Words that may stand beside a vertebra's; any other word, as disc, body or canal, makes it something else."""


def number_named(name: str) -> int | None:
    """TotalSegmentator's number of what a name means, or None.

    Examples
    --------
    >>> [number_named(name) for name in ("vertebrae_L4", "L4", "L-4 vertebra", "Lumbar 4", "Fourth lumbar vertebra")]
    [28, 28, 28, 28, 28]
    >>> number_named("Left Kidney"), number_named("LWK 5"), number_named("Th12"), number_named("L4-L5 disc")
    (3, 27, 32, None)
    """
    words = re.findall(r"[a-z]+|\d+(?:st|nd|rd|th)?", name.lower())
    plain = tuple(sorted(words))
    if plain in _BY_WORDS:
        return _BY_WORDS[plain]
    return _vertebra(words)


def _vertebra(words: list[str]) -> int | None:
    """The number of the one vertebra that words name."""
    regions = [_REGIONS[word] for word in words if word in _REGIONS]
    counts = [_ORDINALS.get(word) or int(word) for word in words if word in _ORDINALS or word.isdigit()]
    others = [word for word in words if not (word in _REGIONS or word in _ORDINALS or word.isdigit())]
    if len(regions) != 1 or len(counts) != 1 or not _BESIDES.issuperset(others):
        return None
    name = f"vertebrae_{regions[0]}{counts[0]}"
    return NAMES.index(name) + 1 if name in NAMES else None


def matched(where: str, names: Iterable[str]) -> dict[str, int]:
    """Of names, those that are known, with their numbers.

    Raises
    ------
    InputError
        If none of them is a vertebra's.
    """
    given = list(names)
    found = {name: number for name in given if (number := number_named(name)) is not None}
    if not {int(structure) for structure in VERTEBRAE} & set(found.values()):
        shown = ", ".join(given[:4]) + (" ..." if len(given) > 4 else "")
        allowed = "names of lumbar vertebrae, such as vertebrae_L4, L4, L4 vertebra, Lumbar 4 or LWK 4"
        raise InputError(where, f"no lumbar vertebra among the names {shown or '(none)'}", allowed, _nearest(given))
    return found


def _nearest(given: list[str]) -> str:
    known = {name.lower(): name for name in NAMES}
    ratios = [(difflib.SequenceMatcher(None, g.lower(), name).ratio(), g, known[name]) for g in given for name in known]
    ratio, name, near = max(ratios, default=(0.0, "", ""))
    return f"The nearest known name is {near}, to {name}" if ratio > 0.5 else "Rename the segments"
