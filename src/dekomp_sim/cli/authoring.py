"""Commands for whoever writes scenarios: a starter, and a scenario told in words."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from dekomp_sim.cli.documents import document
from dekomp_sim.debrief.steps import asked
from dekomp_sim.errors import InputError
from dekomp_sim.files import read_yaml, write_text
from dekomp_sim.scenario.explain import told
from dekomp_sim.scenario.story import Story
from dekomp_sim.scenario.texts import is_language

STARTER = """\
# {title}: what it is about, in a line.
# Teaches: one thing. Say it here, and again in `learning` for the trainee.
#
#   dekomp-sim check {name}.yaml      all mistakes at once, with line and column
#   dekomp-sim explain {name}.yaml    the case as a clinician would tell it
#   dekomp-sim run {name}.yaml -o out/{name}
#   dekomp-sim schema > schema.json   lets an editor complete the keys (yaml-language-server: $schema)

dekomp_sim: 1
inherits: l4l5_left_posterolateral     # everything that is not said below comes from there, the steps too
title: {title}
summary: >
  Who comes, with what, and why this procedure.
seed: 1                                # from which every draw of chance follows

card:                                  # what the referral says
  age_y: 42
  weight_kg: 70
  leg_pain: 7

patient:                               # how the body differs from the reference; leave out what does not
  bmi: 27
  # sex: female
  # age_y: 68
  # disc_height_percent: 80
  # crest_height_mm: 15
  # scoliosis_deg: 20                  # + convex to the left
  # conjoined_root: true
  # retrorenal_colon: true

objectives:
  removed_ml_at_least: 0.5
  fluoroscopy_s_at_most: 60

learning:
  - What the trainee should be able to do afterwards.
prebrief: What is said before.
debrief: What to look at afterwards.

lesson:
  triggers:                            # looked at after each step
    - name: near_root
      when: {{quantity: tip_to_root_mm, below: 4}}
      then:
        - do: hint
          words: You are near the root. Go on by millimetres.
    # - name: level
    #   when: {{done: prepare_sterile_field}}
    #   then:
    #     - do: ask
    #       words: From where are the levels counted?
    #       answers: [last rib, sacrum, crest]
    #       right: 2
    # - name: tube
    #   when: {{quantity: fluoroscopy_s, above: 60}}
    #   then:
    #     - {{do: fail, equipment: x_ray, seconds: 60}}
  # gates:
  #   - {{step: decompress, until: {{done: ask_patient}}, words: Ask the patient first.}}

rubrics:
  - name: {name}
    pass_percent: 70
    critical: [harm, wrong_level]
    criteria:
      - {{metric: exposures, full_at: 10, zero_at: 40, weight: 2}}
      - {{metric: tip_to_target_mm, full_at: 3, zero_at: 12}}

# steps: [...]          replaces the inherited steps
# steps_before: [...]   adds to them
# steps_after: [...]
"""


def write_starter(name: str, folder: Path) -> Path:
    """Write a commented scenario that plays as it is; its path.

    Raises
    ------
    InputError
        If the name is no file name, or the file exists.
    """
    plain = name.removesuffix(".yaml")
    if not plain or not all(letter.isalnum() or letter in "_-" for letter in plain):
        raise InputError("NAME", f"{name!r}", "letters, digits, _ and -", "It becomes the file's name")
    path = folder / f"{plain}.yaml"
    if path.exists():
        raise InputError(str(path), "a file that exists", "a new name")
    write_text(path, STARTER.format(name=plain, title=plain.replace("_", " ").capitalize()))
    return path


def explanation(name: str, language: str) -> str:
    """A scenario in words, as wide as the terminal at most."""
    if not is_language(language):
        raise InputError("--language", language, "a language's tag: de, fr, pt-BR")
    story = read_yaml(document("scenarios", name), Story)
    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    told_of = [_wrapped(paragraph, width) for paragraph in told(story, language)]
    steps = [f"{number:3}. {asked(step)}" for number, step in enumerate(story.steps, start=1)]
    return "\n\n".join([*told_of, "Step by step:\n" + "\n".join(steps)])


def _wrapped(paragraph: str, width: int) -> str:
    return "\n".join(textwrap.fill(line, width, subsequent_indent="  ") for line in paragraph.splitlines())
