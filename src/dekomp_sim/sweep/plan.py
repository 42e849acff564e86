"""The plan of a sweep: which values case number n has, drawn so that every range is covered evenly from the first on.

Values of lists are crossed: a block holds each combination once. Ranges are drawn once for a block, and so is the seed:
the values of a list are compared on the same patients with the same chances, which needs fewer cases than fresh draws.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dekomp_sim import __version__
from dekomp_sim.anatomy.phantom.spec import PhantomSpec
from dekomp_sim.arrays import FloatArray
from dekomp_sim.imaging.signal.noise import Purpose, generator
from dekomp_sim.scenario.story import story_from
from dekomp_sim.sweep.keys import Record, with_value
from dekomp_sim.sweep.performing import SEED, Draw
from dekomp_sim.sweep.vary import Between, OneOf, Vary

FORMAT: Final = 2
"""Grows whenever a sweep's folder is laid out differently or its values are drawn differently."""

SEEDS: Final = 2**31
"""Cases' own seeds are drawn below this."""

KEY_LETTERS: Final = 16
"""Letters of a case's key: 64 bits tell 10^6 cases apart with a chance of 3e-8 of any two being alike."""


IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """A sweep that is to be.

    Parameters
    ----------
    story
        The scenario as plain values.
    varies
        What is varied.
    cases
        How many cases; the first n of a longer sweep are those of a shorter one.
    seed
        From which every draw of the sweep follows.
    """

    story: Record
    varies: tuple[Vary, ...]
    cases: int
    seed: int

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that the cases follow from, save their number."""
        return hashlib.sha256(json.dumps(self.described, sort_keys=True).encode()).hexdigest()

    @property
    def described(self) -> dict[str, Any]:
        """The plan as plain values, without the number of cases."""
        return {
            "sweep": FORMAT,
            "dekomp_sim": __version__,
            "seed": self.seed,
            "varies": [asdict(vary) for vary in self.varies],
            "story": self.story,
        }

    @property
    def ranges(self) -> tuple[tuple[str, Between], ...]:
        """Keys that are drawn."""
        return tuple((vary.key, vary.over) for vary in self.varies if isinstance(vary.over, Between))

    @property
    def lists(self) -> tuple[tuple[str, OneOf], ...]:
        """Keys whose values are crossed."""
        return tuple((vary.key, vary.over) for vary in self.varies if isinstance(vary.over, OneOf))

    @property
    def combinations(self) -> int:
        """Cases in a block."""
        return prod(len(over.values) for _, over in self.lists)

    @property
    def blocks(self) -> int:
        """Blocks that are begun."""
        return -(-self.cases // self.combinations)

    def draw(self, index: int) -> Draw:
        """Case number `index`, from 0."""
        block, within = divmod(index, self.combinations)
        shares = zip(self.ranges, self._shares[block], strict=True)
        values: dict[str, Any] = {key: over.at(float(share)) for (key, over), share in shares}
        values |= dict(zip((key for key, _ in self.lists), self._crossed[within], strict=True))
        seed = values.get(SEED, int(generator(self.seed, Purpose.SWEEP, block).integers(SEEDS)))
        named = json.dumps([self.digest, index, seed, values], sort_keys=True)
        return Draw(index, hashlib.sha256(named.encode()).hexdigest()[:KEY_LETTERS], seed, values)

    def order(self, reference: PhantomSpec) -> IntArray:
        """Numbers of all cases, those of one patient after each other: a worker then seldom changes its patient."""
        indices = np.arange(self.cases)
        body = self._body(reference)
        lists = [number for number, (key, _) in enumerate(self.lists) if key in body]
        bodies = [json.dumps([values[number] for number in lists]) for values in self._crossed]
        group = np.array([sorted(set(bodies)).index(one) for one in bodies])[indices % self.combinations]
        if any(key in body for key, _ in self.ranges):
            group = group + len(set(bodies)) * (indices // self.combinations)
        return np.asarray(np.argsort(group, kind="stable"))

    def patients(self, reference: PhantomSpec) -> int:
        """How many patients have to be built: 1 where nothing that is varied changes the body.

        Raises
        ------
        OutOfRangeError
            If an end of a range or a listed value gives sizes that the phantom does not allow.
        """
        body = self._body(reference)
        drawn = any(vary.key in body for vary in self.varies if isinstance(vary.over, Between))
        lists = [over for key, over in self.lists if key in body]
        least = prod(len(over.values) for over in lists)
        return min(self.cases, least * (self.blocks if drawn else 1))

    @cached_property
    def _shares(self) -> FloatArray:
        """Where in its range each block's draw lies, (blocks, ranges): scrambled Sobol points, stratified at each power
        of two in each range and in pairs of ranges (Sobol 1967; Owen 1998)."""
        if not self.ranges:
            return np.zeros((self.blocks, 0))
        from scipy.stats.qmc import Sobol  # half a second, which can be spent beside something else

        scramble = int(generator(self.seed, Purpose.SWEEP, SEEDS).integers(SEEDS))
        points = Sobol(len(self.ranges), rng=scramble)
        return np.asarray(points.random_base2(max(self.blocks - 1, 1).bit_length()))

    @cached_property
    def _crossed(self) -> list[tuple[Any, ...]]:
        return list(product(*(over.values for _, over in self.lists)))

    def _body(self, reference: PhantomSpec) -> frozenset[str]:
        """Keys that change the patient's body."""
        usual = story_from(self.story).specification(reference)
        return frozenset(
            vary.key
            for vary in self.varies
            if any(
                story_from(with_value(self.story, vary.key, value)).specification(reference) != usual
                for value in vary.tried
            )
        )
