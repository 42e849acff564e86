"""Any of them: the type of whatever may be asked of a case."""

from __future__ import annotations

from dekomp_sim.procedure.actions.ct import CtFluoroscopy, CtScan, CtStep, LayGrid, MoveGantry
from dekomp_sim.procedure.actions.disc import Decompress, InjectContrast, InsertProbe, RemoveStylet, SendSpecimen
from dekomp_sim.procedure.actions.fluoroscopy import Expose, MoveTable, SetCollimator, SetField, SetFluoroscopy, SetView
from dekomp_sim.procedure.actions.lesson import Answer, Wait
from dekomp_sim.procedure.actions.needle import Advance, Incise, Insert, Redirect, Remove, Withdraw
from dekomp_sim.procedure.actions.patient import (
    AdviseRecovery,
    Anaesthetise,
    AskPatient,
    Bandage,
    HoldBreath,
    Sedate,
    Treat,
)
from dekomp_sim.procedure.actions.preparing import (
    AssessCandidate,
    Consent,
    GiveAntibiotic,
    PositionProne,
    PrepareSterileField,
    TimeOut,
)

Action = (
    AssessCandidate
    | Consent
    | PositionProne
    | TimeOut
    | GiveAntibiotic
    | PrepareSterileField
    | Sedate
    | SetView
    | MoveTable
    | SetCollimator
    | SetField
    | SetFluoroscopy
    | Expose
    | MoveGantry
    | LayGrid
    | CtScan
    | CtStep
    | CtFluoroscopy
    | Anaesthetise
    | Incise
    | Insert
    | Advance
    | Withdraw
    | Redirect
    | Remove
    | InjectContrast
    | RemoveStylet
    | InsertProbe
    | Decompress
    | SendSpecimen
    | AskPatient
    | HoldBreath
    | Treat
    | Answer
    | Bandage
    | AdviseRecovery
    | Wait
)
"""Whatever may be asked of a case; in a file the key `do` tells which."""
