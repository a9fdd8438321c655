"""The whole service under a learned policy from its store: what a client sees, what SQL keeps."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fake_vllm import FakeVllm
from forethought.nodes.algorithms.base import Strategy
from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.budget import Budget
from forethought.nodes.needs import Needs
from forethought.nodes.policy.document import PolicyDocument
from forethought.nodes.policy.runnable import CannotRun
from forethought.nodes.state import Answer
from forethought.nodes.values import Message
from forethought.server.engine import Ask
from forethought.server.local_engine import LocalEngine, open_engine
from forethought.server.settings import Settings
from forethought.storage.store import Store
from forethought.storage.views import TraceDetail
from policy_documents import dial, difficulty_model, document, logistic, option

pytestmark = pytest.mark.anyio
LEARNED = document(
    options=[option(4, 16, {"name": "majority", "n": 12}, chosen=True)],
    difficulty=difficulty_model(pilot=3, leader_share=4.0),
    confidence=logistic(-1.0, winner_votes=2.0),
)


class Machine:
    """An engine over stand-ins of model servers, with a verifier, and its database."""

    def __init__(self, engine: LocalEngine, database: str) -> None:
        self.engine = engine
        self._database = database

    async def ask(
        self,
        *,
        needs: Needs | None = None,
        policy: str | None = None,
        strategy: Strategy | None = None,
        generations: int = 16,
    ) -> Answer:
        asked = Ask(
            messages=(Message("user", "What is 17 + 25?"),),
            effort="medium",
            budget=Budget(generations=generations),
            needs=needs,
            policy=policy,
            strategy=strategy,
        )
        async with self.engine.start(asked) as run:
            async for _ in run.events():
                pass
            return run.answer

    async def newest_trace(self) -> TraceDetail:
        store = await Store.open(self._database)
        try:
            newest = await store.list_traces(1)
            return await store.read_trace(newest[0].id)
        finally:
            await store.close()


@asynccontextmanager
async def machine(
    tmp_path: Path, learned: PolicyDocument | None, *, verifier: bool = True, **settings: Any
) -> AsyncIterator[Machine]:
    database = f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"
    if learned is not None:
        store = await Store.open(database)
        await store.activate((await store.save_policy(learned)).reference)
        await store.close()
    async with AsyncExitStack() as stack:
        generator = stack.enter_context(FakeVllm(lambda prompt, k: f"\\boxed{{{1000 + k}}}"))
        prm = stack.enter_context(FakeVllm(score=lambda asked, steps: 0.2, model="prm"))
        chosen: dict[str, Any] = {
            "generator_url": f"{generator.url}/v1",
            "verifier_url": f"{prm.url}/v1" if verifier else "",
            "database_url": database,
        }
        engine = await stack.enter_async_context(open_engine(Settings(**chosen | settings)))
        yield Machine(engine, database)


async def test_the_active_policy_decides_and_its_models_speak(tmp_path: Path) -> None:
    async with machine(tmp_path, LEARNED) as it:
        answer = await it.ask()
    trace = (await it.newest_trace()).trace
    assert trace.policy is not None and trace.policy.startswith("tiny@1 ")
    assert trace.strategy == "majority"
    assert trace.difficulty_method == "fitted on the pilot"
    assert trace.difficulty_samples == 3  # the pilot is as large as that of the fit
    assert answer.probability is not None and answer.probability < 0.5


async def test_what_is_built_in_can_be_asked_for_instead(tmp_path: Path) -> None:
    async with machine(tmp_path, LEARNED) as it:
        answer = await it.ask(policy="builtin")
    assert (await it.newest_trace()).trace.policy == "builtin-1"
    assert answer.probability is None


async def test_a_strategy_that_is_asked_for_runs_as_it_is(tmp_path: Path) -> None:
    async with machine(tmp_path, LEARNED) as it:
        answer = await it.ask(strategy=Majority(n=5), generations=64)
    trace = (await it.newest_trace()).trace
    assert (trace.policy, trace.strategy) == ("fixed", "majority")
    assert (answer.generations, answer.stop_reason) == (9, "completed")


async def test_a_strategy_that_cannot_run_here_is_refused(tmp_path: Path) -> None:
    async with machine(tmp_path, LEARNED, verifier=False) as it:
        with pytest.raises(CannotRun, match="a verifier of steps"):
            await it.ask(strategy=BeamSearch(n=4))


async def test_needs_are_answered_for(tmp_path: Path) -> None:
    async with machine(tmp_path, None) as it:
        answer = await it.ask(needs=Needs(confidence=0.9, tokens=200))
    assert answer.needs_met is False
    assert answer.usage.completion_tokens <= 200


async def test_a_mean_of_generations_is_held_by_the_controller_and_the_plan_says_so(
    tmp_path: Path,
) -> None:
    learned = document(
        controller={"name": "marginal_gain", "gain": 0.04, "floor": 0.0, "slope": 0.0},
        dials=[dial(0.008, 5.0, budget=16), dial(0.004, 10.0, budget=16, chosen=True)],
    )
    async with machine(tmp_path, learned, mean_generations=8.0) as it:
        spent = [(await it.ask(generations=64)).generations for _ in range(2)]
    plan = (await it.newest_trace()).trace.plans[0]
    assert plan["why"].endswith(f"for a mean of 8 generations, {spent[0]:.2f} so far")
    assert 4 < spent[0] < 10


async def test_a_mean_that_nothing_holds_is_a_fault_of_the_run(tmp_path: Path) -> None:
    async with machine(tmp_path, LEARNED, mean_generations=8.0) as it:
        answer = await it.ask()
    assert answer.faults == (
        "nothing holds the mean of 8 generations: tiny@1 has no controller with prices",
    )
