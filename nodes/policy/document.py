"""A learned policy: what was measured, what was chosen, and on what it rests. Plain values only.

The paper's scheme (arXiv 2408.03314, section 3.1) is `options`: of each level and budget the strategies
that were measured, one of them chosen. `controller` goes past it: one strategy for all levels that
weighs, after every wave, what more samples of this question are worth, with one dial, the price
of a generation; `dials` says what each price buys. Both may be present; a policy serves by the
controller where it has one.

All costs are those of a whole run: the pilot and the verifier are in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..algorithms.registry import JsonScalar
from ..difficulty.base import Level
from ..logistic import LogisticModel
from ..values import Kind

FORMAT = 1
REPLAY = "replay"
"""The source of what recorded samples were replayed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a policy serves; None is any."""

    kind: Kind | None = None
    model: str | None = None
    verifier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlay:
    """What a way to answer gives and costs, means over questions."""

    accuracy: float
    error: float
    """Standard error of `accuracy` over questions."""
    generations: float
    """Samples begun, whether cut or not, the pilot's included."""
    tokens: float
    """Generated."""
    verifier_tokens: float
    """Read by the verifier."""
    rounds: float
    """Requests to the generator one after another, the pilot's included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One strategy on the questions of one level, measured under one budget."""

    level: Level
    budget: int
    """Generations at most, the pilot's included."""
    theta: dict[str, JsonScalar]
    """The strategy (`algorithms/registry.py`), its numbers for what the pilot leaves of `budget`."""
    outlay: Outlay
    gain: float
    """Its accuracy less that of best-of-N weighted with the same budget, on the same questions."""
    gain_error: float
    """Standard error of `gain`, over questions."""
    questions: int
    chosen: bool = False
    """Of its level and budget."""
    source: str = REPLAY
    """`replay` of recorded samples, or the name of the graded runs it was measured in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """What one price of a generation buys with the controller."""

    price: float
    """Expected gain in P(right) below which one more generation is not bought."""
    budget: int
    """Generations at most, the pilot's included."""
    outlay: Outlay
    gain: float
    """Its accuracy less that of best-of-N weighted with N = `budget`."""
    gain_error: float
    chosen: bool = False
    """The price that serves `budget`: the dearest that does not lose accuracy for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifficultyModel:
    """From the pilot's features to P(one sample is correct), and from that to a level."""

    model: LogisticModel
    bounds: tuple[float, float, float, float]
    """The least P(correct) of levels 1 to 4, falling: fifths of the questions it was fitted on."""
    pilot: int
    """Samples it looks at."""
    auc: float | None = None
    """Held out: P(a right sample's question is ranked above a wrong one's)."""
    calibration_error: float | None = None
    """Held out: expected calibration error, in tenths of the questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Familiar:
    """What the questions looked like that a policy was fitted on: tells strange ones."""

    questions: int
    probability_mean: float
    """Predicted P(correct) of a sample, mean over questions."""
    probability_deviation: float
    """Its standard deviation over questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedOn:
    """One source of what a policy knows."""

    name: str
    sha256: str | None
    """Of the pool's file; None for graded runs."""
    questions: int
    samples: int
    """Of each question; 0 for graded runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDocument:
    """A policy as it is stored: JSON of exactly these fields."""

    name: str
    scope: Scope = field(default_factory=Scope)
    made: str
    """When, ISO 8601 in UTC."""
    seed: int
    fitted_on: tuple[FittedOn, ...]
    difficulty: DifficultyModel | None = None
    confidence: LogisticModel | None = None
    """From the features of a vote (`verdict_features.py`) to P(the answer is right)."""
    options: tuple[Option, ...] = ()
    controller: dict[str, JsonScalar] | None = None
    """A `marginal_gain` strategy; its `n` and `price` are set by whoever uses it."""
    dials: tuple[Dial, ...] = ()
    """By budget, then from the dearest price to the cheapest."""
    familiar: Familiar | None = None
    notes: tuple[str, ...] = ()
    """What the fit wants to be known, one sentence each."""
    format: int = FORMAT
