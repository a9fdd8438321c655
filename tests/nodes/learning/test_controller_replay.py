from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import ABLE, SimpleEquality, tools
from forethought.nodes.algorithms.base import Search
from forethought.nodes.algorithms.draw import draw
from forethought.nodes.algorithms.marginal_gain import MarginalGain
from forethought.nodes.algorithms.marginal_rule import Rule
from forethought.nodes.algorithms.scoring import score_candidates
from forethought.nodes.algorithms.selection import select
from forethought.nodes.backends.base import OnText, Prompt, Sampled
from forethought.nodes.equality.read import read_answers
from forethought.nodes.learning.controller_replay import replay_controller
from forethought.nodes.learning.pilots import orders_of
from forethought.nodes.learning.record import record_of
from forethought.nodes.replay.pool import Sample
from forethought.nodes.replay.reading import Reading, recorded
from forethought.nodes.values import Completion, End, Question, Sampling, Usage
from forethought.nodes.verifiers.base import Granularity, Scored
from recorded_pools import question, sample

pytestmark = pytest.mark.anyio
NEVER_SURE = Rule(share=2.0, floor=0.0, slope=0.0)
SIXTEENTHS = st.integers(0, 16).map(lambda k: k / 16)


def recording(
    number: int, answer: str | None, scores: Sequence[float], tokens: Sequence[int], whole: bool
) -> Sample:
    """Return a sample whose first step is like no other one's; it states its answer at its end."""
    said = [f"sample {number}", *(f"step {k}" for k in range(1, len(scores)))]
    if answer is not None:
        said[-1] += f", \\boxed{{{answer}}}"
    return replace(
        sample(answer, *scores, whole=whole),
        text="\n\n".join(said),
        step_tokens=tuple(tokens),
        n_tokens=sum(tokens),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One sample for `recording`."""

    answer: str | None
    scores: tuple[float, ...]
    whole: bool = True
    tokens: int = 10
    """Of each step."""


def reading_of(*samples: Told) -> Reading:
    made = [
        recording(i, s.answer, s.scores, [s.tokens + k for k in range(len(s.scores))], s.whole)
        for i, s in enumerate(samples)
    ]
    return recorded([question(*made)])[0]


def in_order(*samples: Told) -> Reading:
    """Return a question whose first order, of seed 0, draws the samples as they are given."""
    (order,) = orders_of(reading_of(*samples), 1, 0)
    return reading_of(*(samples[order.index(i)] for i in range(len(samples))))


class Recording:
    """A generator that says recorded samples in their order, in pieces where it is asked for them."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples
        self._begun: dict[str, Sample] = {}
        self.abilities = ABLE
        self.began = 0
        self.requests = 0
        self.tokens = 0

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        self.requests += 1
        batches = tuple(
            (self._rest(prompt),)
            if prompt.prefix
            else tuple(self._next(sampling) for _ in range(n))
            for prompt in prompts
        )
        self.tokens += sum(made.n_tokens for batch in batches for made in batch)
        return Sampled(batches=batches, usage=Usage(calls=1))

    def _next(self, sampling: Sampling) -> Completion:
        assert self.began < len(self._samples), "more was begun than was recorded"
        made = self._samples[self.began]
        self.began += 1
        first, end, _ = made.text.partition("\n\n")
        if sampling.stop and end:
            self._begun[first + end] = made
            return Completion(text=first + end, end="stop", n_tokens=_first(made))
        return Completion(text=made.text, end=_end(made), n_tokens=made.n_tokens)

    def _rest(self, prompt: Prompt) -> Completion:
        (begun,) = (step.text for step in prompt.prefix)
        made = self._begun.pop(begun)
        return Completion(
            text=made.text.removeprefix(begun),
            end=_end(made),
            n_tokens=made.n_tokens - _first(made),
        )


def _first(made: Sample) -> int:
    return sum((made.step_tokens or ())[:1])


def _end(made: Sample) -> End:
    return "eos" if made.whole else "length"


class RecordedVerifier:
    """Gives recorded scores, and counts the tokens that it reads."""

    model = "judge"
    granularity: Granularity = "step"

    def __init__(self, samples: Sequence[Sample], question_tokens: float) -> None:
        self._samples = {made.text.partition("\n\n")[0]: made for made in samples}
        self._question_tokens = question_tokens
        self.tokens = 0.0

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        made = [self._samples[steps[0]] for steps in solutions]
        reads = [len(steps) for steps in solutions]
        for one, steps in zip(made, reads, strict=True):
            self.tokens += self._question_tokens + sum((one.step_tokens or ())[:steps])
        scores = tuple((m.scores or ())[:k] for m, k in zip(made, reads, strict=True))
        return Scored(scores=scores, usage=Usage(calls=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one run gave and cost."""

    right: float
    generations: float
    tokens: float
    verifier_tokens: float
    rounds: float


async def served(
    samples: Sequence[Sample],
    rule: Rule,
    price: float,
    *,
    n: int,
    pilot: int,
    question_tokens: float,
) -> Ran:
    """Run the strategy itself after a pilot, reading answers between rounds as the service does."""
    generator = Recording(samples)
    verifier = RecordedVerifier(samples, question_tokens)
    given = tools(generator, verifier)
    drawn = await draw(given, min(pilot, n), first=0, origin="pilot")
    scored = await score_candidates(given.question, drawn.candidates, verifier)
    found = await read_answers(scored.candidates, "number", SimpleEquality())
    given, search = replace(given, pilot=found), Search(epoch=1, done=n <= pilot)
    while not search.done:
        strategy = MarginalGain(n=n - pilot, price=price, **asdict(rule))
        after = await strategy.advance(search, given)
        new = after.candidates[len(search.candidates) :]
        read = await read_answers(new, "number", SimpleEquality())
        search = replace(after, candidates=search.candidates + read)
    everything = given.pilot + search.candidates
    winner = select(everything, "weighted").winner
    assert len(everything) == generator.began
    assert sum(c.n_tokens for c in everything) == generator.tokens
    return Ran(
        right=float(any(c.key == winner and c.answer_key == "1" for c in everything)),
        generations=generator.began,
        tokens=generator.tokens,
        verifier_tokens=verifier.tokens,
        rounds=generator.requests,
    )


async def assert_replayed_as_served(
    readings: Sequence[Reading],
    rule: Rule,
    price: float = 0.0,
    *,
    n: int,
    pilot: int,
    orders: int = 2,
    seed: int = 0,
) -> list[Ran]:
    """Compare every run of a record with the strategy's own; return the latter."""
    record = record_of(readings, orders=orders, seed=seed)
    runs = replay_controller(record, rule, price, n=n, pilot=pilot)
    all_: list[Ran] = []
    for q, reading in enumerate(readings):
        for r, order in enumerate(orders_of(reading, orders, seed)):
            ran = await served(
                [reading.question.samples[i] for i in order],
                rule,
                price,
                n=n,
                pilot=pilot,
                question_tokens=float(record.question_tokens[q]),
            )
            replayed = Ran(**{name: float(getattr(runs, name)[q, r]) for name in asdict(ran)})
            assert replayed == replace(ran, verifier_tokens=replayed.verifier_tokens)
            assert replayed.verifier_tokens == pytest.approx(ran.verifier_tokens)
            all_.append(ran)
    return all_


TOLD = st.builds(
    Told,
    answer=st.sampled_from(["1", "1", "2", "3", None]),
    scores=st.lists(SIXTEENTHS, min_size=1, max_size=3).map(tuple),
    whole=st.sampled_from([True, True, True, False]),
    tokens=st.integers(1, 30),
)
RULES = st.builds(
    Rule,
    gain=st.just(0.05),
    share=st.sampled_from([0.25, 0.5, 0.625, 0.75, 1.0, 2.0]),
    weight=st.sampled_from([0.0, 0.25, 1.0, 2.5]),
    trend=st.sampled_from([-1.0, -0.25, 0.0, 0.5, 1.0]),
    floor=st.sampled_from([0.0, 0.0625, 0.25, 0.5]),
    slope=st.sampled_from([0.0, 0.0625, 0.25, 1.0]),
    scarce=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
)
PRICES = st.sampled_from([0.0, 0.0, 0.05 / 13, 0.05 / 7, 0.05, 1.0])


@settings(max_examples=150)
@given(
    told=st.lists(TOLD, min_size=1, max_size=20),
    rule=RULES,
    price=PRICES,
    pilot=st.integers(1, 6),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
)
async def test_a_replay_is_what_the_strategy_does_on_the_same_samples(
    told: list[Told], rule: Rule, price: float, pilot: int, share: float, seed: int
) -> None:
    n = max(1, round(share * len(told)))
    await assert_replayed_as_served([reading_of(*told)], rule, price, n=n, pilot=pilot, seed=seed)


@settings(max_examples=30)
@given(
    pool=st.lists(st.lists(TOLD, min_size=8, max_size=12), min_size=2, max_size=3),
    rule=RULES,
    price=PRICES,
)
async def test_runs_beside_one_another_do_not_move_one_another(
    pool: list[list[Told]], rule: Rule, price: float
) -> None:
    readings = [reading_of(*told) for told in pool]
    await assert_replayed_as_served(readings, rule, price, n=8, pilot=2)


async def test_a_low_first_step_costs_itself_and_one_that_goes_on_is_read_again() -> None:
    low = Told(answer="2", scores=(0.125, 0.5), tokens=10)
    reading = reading_of(low, low, low, low)
    record = record_of([reading], orders=1, seed=0)
    rule = replace(NEVER_SURE, floor=0.25)
    (ran,) = await assert_replayed_as_served([reading], rule, n=4, pilot=1, orders=1)
    # The pilot is finished, two are begun and cut, then the last one.
    assert (ran.generations, ran.tokens, ran.rounds) == (4, 21 + 3 * 10, 3)
    asked = float(record.question_tokens[0])
    assert ran.verifier_tokens == pytest.approx((asked + 21) + 3 * (asked + 10))
    (ran,) = await assert_replayed_as_served(
        [reading], replace(rule, floor=0.125, scarce=0.0), n=4, pilot=1, orders=1
    )
    assert (ran.tokens, ran.rounds) == (4 * 21, 5)
    assert ran.verifier_tokens == pytest.approx(4 * (asked + 21) + 3 * (asked + 10))


@pytest.mark.parametrize(
    ("scarce", "tokens"), [(0.25, 4 * 21 + 4 * 10), (0.2501, 6 * 21 + 2 * 10), (0.6, 8 * 21)]
)
async def test_a_bar_is_set_where_low_first_steps_have_been_the_very_share_or_more(
    scarce: float, tokens: int
) -> None:
    # One of the pilot's four is low, then three of six.
    high, low = Told(answer="1", scores=(0.5, 0.25)), Told(answer="1", scores=(0.0, 0.25))
    rule = replace(NEVER_SURE, floor=0.25, scarce=scarce)
    (ran,) = await assert_replayed_as_served(
        [in_order(high, high, high, *[low] * 5)], rule, n=8, pilot=4, orders=1
    )
    assert ran.tokens == tokens


async def test_first_steps_of_what_was_cut_at_the_limit_are_known_only_where_asked() -> None:
    cut = Told(answer=None, scores=(0.0, 0.5), whole=False)
    rule = replace(NEVER_SURE, floor=0.25, scarce=0.5)
    (ran,) = await assert_replayed_as_served([reading_of(*[cut] * 8)], rule, n=8, pilot=2, orders=1)
    assert (ran.tokens, ran.verifier_tokens) == (8 * 21, 0)
    (ran,) = await assert_replayed_as_served(
        [reading_of(*[cut] * 8)], replace(rule, scarce=0.0), n=8, pilot=2, orders=1
    )
    assert ran.tokens == 2 * 21 + 6 * 10


async def test_a_tie_goes_to_the_answer_found_first_in_each_order() -> None:
    reading = reading_of(*(Told(answer=a, scores=(0.5,)) for a in "1212"))
    rans = await assert_replayed_as_served([reading], NEVER_SURE, n=4, pilot=4, orders=12)
    assert {ran.right for ran in rans} == {0.0, 1.0}
    worthless = reading_of(*(Told(answer=a, scores=(0.0,)) for a in "1212"))
    rans = await assert_replayed_as_served([worthless], NEVER_SURE, n=4, pilot=4, orders=12)
    assert {ran.right for ran in rans} == {0.0, 1.0}


@pytest.mark.parametrize(("floor", "right"), [(0.0, 0.0), (0.0625, 1.0)])
async def test_what_ends_in_its_first_step_is_found_before_what_goes_on(
    floor: float, right: float
) -> None:
    reading = in_order(
        Told(answer=None, scores=(0.5,)),
        Told(answer="2", scores=(0.5, 0.5)),
        Told(answer="1", scores=(0.5,)),
    )
    rule = replace(NEVER_SURE, floor=floor, scarce=0.0)
    (ran,) = await assert_replayed_as_served([reading], rule, n=3, pilot=1, orders=1)
    assert ran.right == right


@pytest.mark.parametrize(
    ("share", "trend", "begun"), [(0.875, 0.5, 4), (0.75, -0.5, 6), (0.875, 0.0, 8)]
)
async def test_the_rise_of_the_leader_since_the_last_wave_counts_as_the_trend_says(
    share: float, trend: float, begun: int
) -> None:
    # Shares after 2, 4, 6 and 8 samples: 1/2, 3/4, 5/6, 7/8.
    reading = in_order(*(Told(answer=a, scores=(0.5, 1.0)) for a in "12111111"))
    rule = replace(NEVER_SURE, share=share, weight=1.0, trend=trend)
    (ran,) = await assert_replayed_as_served([reading], rule, n=8, pilot=2, orders=1)
    assert ran.generations == begun


async def test_a_sure_pilot_is_all_that_is_drawn() -> None:
    reading = reading_of(*[Told(answer="1", scores=(0.5, 1.0))] * 8)
    (ran,) = await assert_replayed_as_served(
        [reading], Rule(share=1.0, weight=4.0), n=8, pilot=4, orders=1
    )
    assert (ran.right, ran.generations, ran.rounds) == (1, 4, 1)


@pytest.mark.parametrize(
    ("price", "begun"), [(0.0, 16), (0.04 / 6, 6), (0.04 / 7, 7), (0.04, 4), (9.0, 4)]
)
async def test_a_price_ends_the_draw_where_one_more_does_not_pay(price: float, begun: int) -> None:
    reading = reading_of(*[Told(answer="1", scores=(0.5, 0.25))] * 16)
    (ran,) = await assert_replayed_as_served([reading], NEVER_SURE, price, n=16, pilot=4, orders=1)
    assert ran.generations == begun


async def test_without_a_vote_nothing_is_right() -> None:
    reading = reading_of(*[Told(answer=None, scores=(0.5, 0.5))] * 6)
    (ran,) = await assert_replayed_as_served([reading], Rule(), n=6, pilot=4, orders=1)
    assert (ran.right, ran.generations) == (0, 6)


@given(told=st.lists(TOLD, min_size=12, max_size=12), rule=RULES, seed=st.integers(0, 99))
def test_a_dearer_generation_begins_no_more(told: list[Told], rule: Rule, seed: int) -> None:
    record = record_of([reading_of(*told)], orders=4, seed=seed)
    prices = (0.0, 0.05 / 11, 0.05 / 7, 0.05 / 5, 1.0)
    begun = [replay_controller(record, rule, p, n=12, pilot=3).generations for p in prices]
    assert all((dearer <= cheaper).all() for cheaper, dearer in pairwise(begun))
    assert all(((runs >= 3) & (runs <= 12)).all() for runs in begun)


def test_a_record_is_left_as_it_was() -> None:
    record = record_of([reading_of(*[Told(answer="1", scores=(0.5, 0.5))] * 8)], orders=2, seed=0)
    before = record.part(np.array([0]))
    replay_controller(record, Rule(scarce=0.0), 0.0, n=8, pilot=2)
    for name in ("answers", "scores", "firsts", "tokens", "first_tokens", "read"):
        assert (getattr(record, name) == getattr(before, name)).all()
