import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fakes import FakeClock, found
from forethought.nodes.algorithms.base import Strategy
from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.budget import Budget
from forethought.nodes.errors import StoreError
from forethought.nodes.policy.builtin import BuiltinPolicy
from forethought.nodes.policy.document import Familiar, PolicyDocument, Scope
from forethought.nodes.policy.drift import SteppedBack
from forethought.nodes.policy.fitted import FittedPolicy
from forethought.nodes.policy.fixed import FixedPolicy
from forethought.nodes.policy.pacing import PacedPolicy
from forethought.nodes.policy.runnable import CannotRun, Present
from forethought.nodes.values import Kind, Message
from forethought.server.engine import Ask
from forethought.server.policies import ActivePolicies, Serving
from forethought.storage.policies import ActivePolicy, PolicyRecord
from policy_documents import CONTROLLER, dial, difficulty_model, document

pytestmark = pytest.mark.anyio
DAY = datetime(2026, 11, 23, tzinfo=UTC)
ALONE = Present(verifier=False, judge=False, continuation=False, larger=False)


def record(learned: PolicyDocument, version: int = 1) -> PolicyRecord:
    return PolicyRecord(
        id=f"{learned.name}-{version}",
        name=learned.name,
        version=version,
        hash="0123abcd" * 8,
        created_at=DAY,
        document=learned,
    )


class FakeShelf:
    """Says what it was told to, or fails; counts how often it was asked."""

    def __init__(self, *active: PolicyRecord) -> None:
        self.active: Sequence[PolicyRecord] = active
        self.kept: dict[str, PolicyRecord] = {}
        self.fails: StoreError | None = None
        self.hangs = False
        self.asked = 0

    async def active_policies(self) -> Sequence[ActivePolicy]:
        self.asked += 1
        if self.fails is not None:
            raise self.fails
        if self.hangs:
            await asyncio.Event().wait()
        return [
            ActivePolicy(scope=one.document.scope, record=one, since=DAY) for one in self.active
        ]

    async def read_policy(self, reference: str) -> PolicyRecord:
        if reference not in self.kept:
            raise StoreError(f"there is no policy {reference!r}")
        return self.kept[reference]


class Process:
    """The policies of a process over a fake shelf, with a clock of the test."""

    def __init__(self, *active: PolicyRecord, mean: float | None = None) -> None:
        self.shelf = FakeShelf(*active)
        self.clock = FakeClock()
        self.policies = ActivePolicies(
            self.shelf, mean_generations=mean, budget=16, clock=self.clock, patience_s=0.01
        )

    async def serving(
        self,
        *,
        policy: str | None = None,
        strategy: Strategy | None = None,
        kind: Kind = "math",
        verifier: str | None = "prm",
        present: Present | None = ALONE,
    ) -> Serving:
        asked = Ask(
            messages=(Message("user", "6 x 7?"),),
            effort="medium",
            budget=Budget(generations=16),
            policy=policy,
            strategy=strategy,
        )
        return await self.policies.serving(
            asked, kind=kind, model="small", verifier=verifier, present=present
        )


async def test_with_nothing_active_it_is_what_is_built_in() -> None:
    serving = await Process().serving()
    assert isinstance(serving.policy, BuiltinPolicy)
    assert (serving.document, serving.standing, serving.faults) == (None, None, ())


async def test_the_active_policy_of_the_run_serves_under_its_whole_name() -> None:
    prm = document(name="prm", scope=Scope(verifier="prm"))
    process = Process(record(document()), record(prm, 3))
    serving = await process.serving()
    assert serving.policy == FittedPolicy(document=prm, reference="prm@3 0123abcd")
    assert serving.document == prm
    other = await process.serving(verifier=None)
    assert other.policy == FittedPolicy(document=document(), reference="tiny@1 0123abcd")


async def test_the_store_is_asked_again_after_two_seconds() -> None:
    process = Process()
    await process.serving()
    process.shelf.active = [record(document())]
    process.clock.now += 1.9
    assert isinstance((await process.serving()).policy, BuiltinPolicy)
    assert process.shelf.asked == 1
    process.clock.now += 0.1
    assert isinstance((await process.serving()).policy, FittedPolicy)
    assert process.shelf.asked == 2


async def test_a_store_that_cannot_be_read_leaves_what_was_known_with_a_fault() -> None:
    process = Process(record(document()))
    await process.serving()
    process.shelf.fails = StoreError("the disk is gone")
    process.clock.now += 2.0
    serving = await process.serving()
    assert isinstance(serving.policy, FittedPolicy)
    assert serving.faults == ("policies may be out of date: the disk is gone",)
    assert (await process.serving()).faults == serving.faults
    assert process.shelf.asked == 2
    process.shelf.fails = None
    process.clock.now += 2.0
    assert (await process.serving()).faults == ()


async def test_a_store_that_hangs_holds_up_no_run() -> None:
    process = Process(record(document()))
    process.shelf.hangs = True
    serving = await process.serving()
    assert isinstance(serving.policy, BuiltinPolicy)
    assert serving.faults == ("policies may be out of date: the store does not answer",)


async def test_a_run_may_ask_for_a_policy_by_name_or_for_none() -> None:
    process = Process(record(document()))
    process.shelf.kept["other@2"] = record(document(name="other"), 2)
    named = await process.serving(policy="other@2")
    assert named.policy == FittedPolicy(
        document=document(name="other"), reference="other@2 0123abcd"
    )
    assert named.standing is None
    assert isinstance((await process.serving(policy="builtin")).policy, BuiltinPolicy)
    with pytest.raises(StoreError, match="no policy 'third'"):
        await process.serving(policy="third")


async def test_a_strategy_comes_before_any_policy_and_must_be_able_to_run() -> None:
    process = Process(record(document()))
    serving = await process.serving(strategy=Majority(n=4), policy="third")
    assert serving.policy == FixedPolicy(strategy=Majority(n=4))
    with pytest.raises(CannotRun, match="beam_search needs a generator"):
        await process.serving(strategy=BeamSearch(n=4))
    unknown = await process.serving(strategy=BeamSearch(n=4), present=None)
    assert unknown.policy == FixedPolicy(strategy=BeamSearch(n=4))


CONTROLLED = document(
    controller=CONTROLLER,
    dials=[dial(0.04, 4.0, budget=16), dial(0.01, 16.0, budget=16, chosen=True)],
    difficulty=difficulty_model(),
    familiar=Familiar(questions=300, probability_mean=0.5, probability_deviation=0.2),
)


async def test_a_mean_of_generations_prices_the_runs_of_the_controller() -> None:
    process = Process(record(CONTROLLED), mean=8.0)
    serving = await process.serving()
    assert isinstance(serving.policy, PacedPolicy)
    first = serving.policy.pacer.price
    assert first == pytest.approx(0.02)
    assert serving.standing is not None
    serving.standing.finished(16)
    later = await process.serving()
    assert isinstance(later.policy, PacedPolicy)
    assert later.policy.pacer.price > first
    assert later.policy.pacer.questions == 1


async def test_a_mean_that_nothing_can_hold_is_said() -> None:
    said = (await Process(mean=8.0).serving()).faults
    assert said == ("nothing holds the mean of 8 generations: no policy is active",)
    without = Process(record(document()), mean=8.0)
    said = (await without.serving()).faults
    assert said == (
        "nothing holds the mean of 8 generations: tiny@1 has no controller with prices",
    )


async def test_it_steps_back_while_questions_are_strange() -> None:
    process = Process(record(CONTROLLED), mean=8.0)
    standing = (await process.serving()).standing
    assert standing is not None
    scattered = [found(f"pilot-{i}", str(i)) for i in range(4)]
    for _ in range(30):
        standing.noticed("6 x 7?", scattered)
    strange = await process.serving()
    assert strange.policy == SteppedBack(reference="tiny@1 0123abcd")
    standing.finished(16)
    assert standing.pacer is not None and standing.pacer.questions == 0
    agreeing = [found(f"pilot-{i}", "42") for i in range(4)]
    for _ in range(25):
        standing.noticed("6 x 7?", agreeing)
    assert isinstance((await process.serving()).policy, PacedPolicy)


async def test_pilots_unlike_those_of_the_fit_say_nothing_about_the_questions() -> None:
    standing = (await Process(record(CONTROLLED)).serving()).standing
    assert standing is not None
    for _ in range(50):
        standing.noticed("6 x 7?", [found("pilot-0", "1")])
    scored = replace(CONTROLLED, difficulty=difficulty_model(score_mean=1.0))
    unscored = (await Process(record(scored)).serving()).standing
    assert unscored is not None
    for _ in range(50):
        unscored.noticed("6 x 7?", [found(f"pilot-{i}", "1") for i in range(4)])
    assert standing.drift.predicted == unscored.drift.predicted == ()
