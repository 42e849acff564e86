"""One small picture of a CT in every compression that is taken, made by GDCM 3.2.6 from `cortex()`."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pydicom
from dicom_files import write_slice
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from dekomp_sim.arrays import FloatArray

_FRAMES = {
    "1.2.840.10008.1.2.5": (
        "AgAAAEAAAABkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPEA8QDxAPEA8QD9"
        "APwG+gD9APwG+gD9APwG+gDxAPEA8QDxAA9kZWZnaGlqa2xtbm9wcXJzD25vcHFyc3R1dnd4eXp7fH0PeHl6e3x9fn+AgYKDhIWG"
        "hw+Cg4SFhoeIiYqLjI2Oj5CRD4yNjo+QkZKTlJWWl5iZmpsDlpeYmfykBp+goaKjpKUDoKGio/ykBqmqq6ytrq8DqqusrfykBrO0"
        "tba3uLkPtLW2t7i5uru8vb6/wMHCww++v8DBwsPExcbHyMnKy8zND8jJysvMzc7P0NHS09TV1tcP0tPU1dbX2Nna29zd3t/g4Q=="
    ),
    "1.2.840.10008.1.2.4.57": (
        "/9j/wwALEAAMABABAREA/8QAGAABAQEBAQAAAAAAAAAAAAAAAQAECw//2gAIAQEAAQAA8AY1VVVVdSqqqqupVVVVXUqqqqrqVVVV"
        "V1K9guq4/SqupXsA1XIEVV1K9feq5ByqupVVVVXUqqqqrqVVVVV1Kqqqq//Z"
    ),
    "1.2.840.10008.1.2.4.70": (
        "/9j/wwALEAAMABABAREA/8QAGAABAQEBAQAAAAAAAAAAAAAAAQAECw//2gAIAQEAAQAA8AY1VVVVdSqqqqupVVVVXUqqqqrqVVVV"
        "V1K9guq4/SqupXsA1XIEVV1K9feq5ByqupVVVVXUqqqqrqVVVVV1Kqqqq//Z"
    ),
    "1.2.840.10008.1.2.4.51": (
        "/9j/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wQAL"
        "EAAMABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABwsM/8QAJxAAAQMBBQkBAAAAAAAAAAAACAcJCgYCBRcYGQABDBYaIiVBUdP/"
        "2gAIAQEAAD8A2qXD5HCoU+HiRWzLctQe3b4ezUO6GboKanvVgHs9GDe9e+oj1n8leQfSDj9Pp4oYW6GBZ5psw2VvknEYc8Jsbubl"
        "Mwii/wAwuGQfEIeXfKihdOsKaHpDOiRDpH74cX5yRfm8q5WlVwCXE+GCHNyfakMNYAbVIkR9EwiVKD1TCGE5RK0Gev17FcaFprFF"
        "r7omolSH5Gq5vG/U5psdu1NqS7fH/Pdj89kC7U2pLt8f892Pz2//2Q=="
    ),
    "1.2.840.10008.1.2.4.80": (
        "/9j/9wALEAAMABABAREA//gADQH//wASAEMBFABA/9oACAEBAAAAAEx4AwBgGAYDAYDAYGBgYGBgYGCkAoAQBAEAgEAgEBAQEBAQ"
        "EApKBgwYMGDBgwYMGDBgwAoQYMGGGGGGGGGGGGAMIYYYYYYYYYYYYYYAwhhhAAAAAAABDBGAEAQBAAAITDhw4cOATocOAUAPIJw4"
        "ccccAujjgBAGwTjjjjjgF0ccAA9eAUAIAgDBSOOOOOAXRxxxxxxxxxxxxxwF05znOc5znOc5wHpznOc5xjGMYxgA/9k="
    ),
    "1.2.840.10008.1.2.4.81": (
        "/9j/9wALEAAMABABAREA//gADQH//wASAEMBFABA/9oACAEBAAAAAEx4AwBgGAYDAYDAYGBgYGBgYGCkAoAQBAEAgEAgEBAQEBAQ"
        "EApKBgwYMGDBgwYMGDBgwAoQYMGGGGGGGGGGGGAMIYYYYYYYYYYYYYYAwhhhAAAAAAABDBGAEAQBAAAITDhw4cOATocOAUAPIJw4"
        "ccccAujjgBAGwTjjjjjgF0ccAA9eAUAIAgDBSOOOOOAXRxxxxxxxxxxxxxwF05znOc5znOc5wHpznOc5xjGMYxgA/9k="
    ),
    "1.2.840.10008.1.2.4.90": (
        "/0//UQApAAAAAAAQAAAADAAAAAAAAAAAAAAAEAAAAAwAAAAAAAAAAAABDwEB/1IADAAAAAEAAgQEAAH/XAAKQICIiJCIiJD/ZAAq"
        "AAFDcmVhdGVkIGJ5IEdEQ00vT3BlbkpQRUcgdmVyc2lvbiAyLjMuMP+QAAoAAAAAAKkAAf+T3/iQwAw3tuM88LISfJ/s5Ddj+krI"
        "JoSJHfitH8AfmHwH8iUAfsHgC+jQjdhNBhwhTOBOk8JPEciAsZcJAj46COfmh9bcbmy/DEvLO0C1ebQvPSeGdDVZwD9hOAfsMQA/"
        "MOAag0wFILkgIeneluosZrPx/CnPHjMpYq7jdOBUBncZubeCSh7o1EMnoEEzGG1dR2Z/adDGO5Cj3L//2Q=="
    ),
    "1.2.840.10008.1.2.4.91": (
        "/0//UQApAAAAAAAQAAAADAAAAAAAAAAAAAAAEAAAAAwAAAAAAAAAAAABDwEB/1IADAAAAAEAAgQEAAH/XAAKQICIiJCIiJD/ZAAq"
        "AAFDcmVhdGVkIGJ5IEdEQ00vT3BlbkpQRUcgdmVyc2lvbiAyLjMuMP+QAAoAAAAAAKkAAf+T3/iQwAw3tuM88LISfJ/s5Ddj+krI"
        "JoSJHfitH8AfmHwH8iUAfsHgC+jQjdhNBhwhTOBOk8JPEciAsZcJAj46COfmh9bcbmy/DEvLO0C1ebQvPSeGdDVZwD9hOAfsMQA/"
        "MOAag0wFILkgIeneluosZrPx/CnPHjMpYq7jdOBUBncZubeCSh7o1EMnoEEzGG1dR2Z/adDGO5Cj3L//2Q=="
    ),
}
"""Transfer syntax -> the compressed frame, base64."""

SYNTAXES = tuple(map(UID, _FRAMES))


def cortex() -> FloatArray:
    """Even Hounsfield units: a slope with a block of cortex in it."""
    j, i = np.indices((12, 16))
    hu = 20.0 * j + 2.0 * i - 800.0
    hu[5:8, 4:9] = 2400.0
    return np.asarray(hu)


def write_compressed(folder: Path, syntax: str, count: int = 3) -> Path:
    """A series of that picture, 3 mm apart, compressed; of a syntax that is not held here the bytes are nonsense."""
    folder.mkdir()
    for k in range(count):
        path = write_slice(folder / f"{k}.dcm", cortex(), (0, 0, 3.0 * k), BitsStored=12, HighBit=11)
        dataset = pydicom.dcmread(path)
        frame = base64.b64decode(_FRAMES.get(syntax, "AAAA"))
        dataset.PixelData = encapsulate([frame])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = UID(syntax)
        dataset.save_as(path, enforce_file_format=True)
    return folder
