"""What happens: case, actions, rules, events, the awake patient."""

from dekomp_sim.procedure.actions import Action
from dekomp_sim.procedure.after import after
from dekomp_sim.procedure.case import Case, Machine, Setting, begin
from dekomp_sim.procedure.clinic.card import Assessment, PatientCard, assess
from dekomp_sim.procedure.ct.acquired import Guidance
from dekomp_sim.procedure.digest import case_digest
from dekomp_sim.procedure.events import (
    Ailment,
    Breach,
    BreachKind,
    Contact,
    Event,
    Measured,
    Outcome,
    Pain,
    Reaction,
    ReactionKind,
    Refusal,
    Risk,
    Said,
    Severity,
    Startled,
)
from dekomp_sim.procedure.records import Exposure
from dekomp_sim.procedure.rules import may

__all__ = [
    "Action",
    "Ailment",
    "Assessment",
    "Breach",
    "BreachKind",
    "Case",
    "Contact",
    "Event",
    "Exposure",
    "Guidance",
    "Machine",
    "Measured",
    "Outcome",
    "Pain",
    "PatientCard",
    "Reaction",
    "ReactionKind",
    "Refusal",
    "Risk",
    "Said",
    "Setting",
    "Severity",
    "Startled",
    "after",
    "assess",
    "begin",
    "case_digest",
    "may",
]
