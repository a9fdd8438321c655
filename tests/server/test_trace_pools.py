import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_vllm import FakeVllm
from fakes import SimpleEquality
from forethought.nodes.algorithms.base import Strategy
from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.algorithms.confidence_majority import ConfidenceMajority
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.candidate import Candidate
from forethought.nodes.equality.keys import AnswerKeys
from forethought.nodes.errors import StoreError
from forethought.nodes.replay.reading import recorded, reread
from forethought.server.evaluation.errors import EvaluationError
from forethought.server.evaluation.evaluate import Session, evaluate
from forethought.server.evaluation.questions import Data, GoldQuestion, read_data
from forethought.server.evaluation.setup import Setup
from forethought.server.local_engine import open_engine
from forethought.server.replay_files import read_pool, write_pool
from forethought.server.settings import Settings
from forethought.server.trace_pools import Recording, fold_of, record_evaluation, recorded_pool
from forethought.server.trace_samples import samples_in
from forethought.storage.store import Store
from forethought.storage.views import TraceDetail
from graded_traces import drawn, store_item, store_trace

pytestmark = pytest.mark.anyio
P0 = drawn("pilot-0", "Six sevens.\n\nIt is 42.", 0.5, 0.75, answer="42", n_tokens=30)
P1 = drawn("pilot-1", "Well, 6 x", ending="length")
S0 = drawn("search-0", "It is 41.", 0.25, answer="41")
S1 = drawn("search-1", "Six sevens.\n\nIt is 42.", 0.5, 0.5, answer="42")
GOLD = GoldQuestion(id="q", text="What is 6 x 7?", gold="42", level=2)


async def traced(
    tmp_path: Path,
    pilot: Sequence[Candidate] = (P0, P1),
    found: Sequence[Candidate] = (S0, S1),
    strategies: Sequence[Strategy] = (BestOfN(n=2),),
) -> TraceDetail:
    """Return a run that the store has written and read."""
    store = await Store.open(f"sqlite:///{tmp_path / 'traces.db'}")
    try:
        trace_id = await store_trace(store, pilot=pilot, found=found, strategies=strategies)
        await store.drain()
        return await store.read_trace(trace_id)
    finally:
        await store.close()


async def recording(
    details: Mapping[str, TraceDetail], golds: Sequence[GoldQuestion], n: int | None = None
) -> Recording:
    return await recorded_pool(details, golds, SimpleEquality(), samples=n)


async def test_samples_come_in_the_order_they_were_drawn_and_are_graded(tmp_path: Path) -> None:
    detail = await traced(tmp_path)
    found = await recording({"q": detail}, [GOLD])
    (made,) = found.questions
    assert (made.id, made.text, made.gold, made.gold_key) == ("q", "What is 6 x 7?", "42", "42")
    assert (made.level, made.subject, made.greedy) == (2, None, None)
    assert [s.text for s in made.samples] == [c.text for c in (P0, P1, S0, S1)]
    assert [s.whole for s in made.samples] == [True, False, True, True]
    assert [s.key for s in made.samples] == ["42", None, "41", "42"]
    assert [s.right for s in made.samples] == [True, False, False, True]
    assert [s.n_tokens for s in made.samples] == [30, 10, 10, 10]
    assert [s.scores for s in made.samples] == [(0.5, 0.75), None, (0.25,), (0.5, 0.5)]


async def test_answers_are_compared_by_the_equality_given(tmp_path: Path) -> None:
    detail = await traced(tmp_path)
    equality = SimpleEquality()
    gold = replace(GOLD, gold="42?")
    (made,) = (await recorded_pool({"q": detail}, [gold], equality)).questions
    assert equality.asked == [["42?", "42", "41"]]
    assert made.gold_key is None
    assert not any(s.right for s in made.samples)


async def test_tokens_of_steps_are_shared_out_by_characters(tmp_path: Path) -> None:
    thought = drawn(
        "pilot-0", "aaaa\n\nbbbbbbbb", 0.5, 0.5, answer="b", n_tokens=28, thinking="c" * 14
    )
    (made,) = samples_in(await traced(tmp_path, [thought], strategies=()))
    assert (made.n_tokens, made.step_tokens) == (28, (5, 9))


async def test_what_a_judge_scored_as_a_whole_is_one_step(tmp_path: Path) -> None:
    judged = drawn("pilot-0", "Six sevens.\n\nIt is 42.", answer="42", score=0.75)
    (made,) = samples_in(await traced(tmp_path, [judged], strategies=()))
    assert (made.scores, made.step_tokens) == ((0.75,), (10,))


async def test_tokens_of_steps_add_up_to_those_of_the_answer(tmp_path: Path) -> None:
    detail = await traced(tmp_path, [P0], strategies=())
    first, second = detail.steps

    @given(
        st.lists(st.text("ab", min_size=1), min_size=2, max_size=2),
        st.integers(0, 500),
        st.text("c", max_size=20),
    )
    def add_up(steps: list[str], n_tokens: int, thinking: str) -> None:
        text = "\n\n".join(steps)
        candidate = replace(detail.candidates[0], text=text, n_tokens=n_tokens, thinking=thinking)
        chain = (replace(first, text=steps[0]), replace(second, text=steps[1]))
        (made,) = samples_in(replace(detail, candidates=(candidate,), steps=chain))
        assert made.step_tokens is not None and len(made.step_tokens) == 2
        assert min(made.step_tokens) >= 0
        assert sum(made.step_tokens) == round(n_tokens * len(text) / len(text + thinking))

    add_up()


@pytest.mark.parametrize(
    ("strategies", "texts"),
    [
        ([BestOfN(n=2)], 4),
        ([Majority(n=2), Majority(n=2)], 4),
        ([BeamSearch(n=4)], 2),
        ([Majority(n=2), BeamSearch(n=4)], 2),
        ([], 2),
    ],
)
async def test_what_a_search_steered_is_no_parallel_sample(
    tmp_path: Path, strategies: list[Strategy], texts: int
) -> None:
    assert len(samples_in(await traced(tmp_path, strategies=strategies))) == texts


async def test_what_was_broken_off_or_begun_under_a_bar_is_left_out(tmp_path: Path) -> None:
    empty = drawn("search-2", "", ending="empty")
    odd = [
        drawn("search-1", "It is", ending="stopped"),
        empty,
        drawn("s1-3", "It is 42.", 0.5, answer="42"),
        drawn("s1-4", "So", 0.125, ending="pruned"),
    ]
    found = samples_in(await traced(tmp_path, found=[S0, *odd]))
    assert [s.text for s in found] == [P0.text, P1.text, S0.text, empty.text]
    assert not found[-1].whole


async def test_only_a_mean_log_probability_is_one(tmp_path: Path) -> None:
    pilot, found = [replace(P0, confidence=-0.5)], [replace(S0, confidence=-0.25)]
    by_mean, by_window = ConfidenceMajority(n=1), ConfidenceMajority(n=1, measure="lowest_window")
    shown = samples_in(await traced(tmp_path, pilot, found, [by_mean]))
    assert [s.logprob for s in shown] == [-0.5, -0.25]
    shown = samples_in(await traced(tmp_path, pilot, found, [by_window]))
    assert [s.logprob for s in shown] == [-0.5, None]


async def test_questions_with_too_few_samples_are_left_out_and_named(tmp_path: Path) -> None:
    long, short = await traced(tmp_path), await traced(tmp_path, strategies=())
    golds = [replace(GOLD, id=id_) for id_ in ("long", "short", "lost")]
    found = await recording({"short": short, "long": long}, golds, 3)
    assert [(q.id, len(q.samples)) for q in found.questions] == [("long", 3)]
    assert found.short == ("short", "lost")
    every = await recording({"short": short, "long": long}, golds)
    assert [(q.id, len(q.samples)) for q in every.questions] == [("long", 4), ("short", 2)]


def test_folds_are_halves_that_hang_on_the_id_alone() -> None:
    folds = [fold_of(f"question {i}") for i in range(400)]
    assert set(folds) == {0, 1}
    assert 160 < sum(folds) < 240
    assert [fold_of("a"), fold_of("b"), fold_of("c")] == [1, 1, 0]


def sums(tmp_path: Path, n: int) -> Data:
    lines = [{"id": f"s{i}", "question": f"What is 17 + {i}?", "gold": 17 + i} for i in range(n)]
    path = tmp_path / "sums.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return read_data(path)


async def test_an_evaluation_is_recorded_from_the_store(tmp_path: Path) -> None:
    data = sums(tmp_path, 4)
    store = await Store.open(f"sqlite:///{tmp_path / 'traces.db'}")
    record = await store.open_evaluation("mine", "sums", data.sha256, {})
    await store_item(store, record, "s0", await store_trace(store, pilot=[P0]))
    await store_item(store, record, "s1", None, error="BackendTimeout")
    await store_item(store, record, "s2", await store_trace(store, pilot=[P0, P1]), right=True)
    found = await record_evaluation(store, "mine", data, SimpleEquality())
    with pytest.raises(StoreError, match="there is no evaluation 'other'"):
        await record_evaluation(store, "other", data, SimpleEquality())
    with pytest.raises(EvaluationError, match="evaluation 'mine' asked other data"):
        await record_evaluation(store, "mine", sums(tmp_path, 3), SimpleEquality())
    await store.close()
    assert [(q.id, q.gold, len(q.samples)) for q in found.questions] == [
        ("s0", "17", 1),
        ("s2", "19", 2),
    ]
    assert found.short == ("s1",)


def disagrees(prompt: str, k: int) -> str:
    """Say 17, 18, 17, 18, ... whatever is asked."""
    return f"Let us add.\n\nThe final answer is: \\boxed{{{17 + k % 2}}}"


async def test_what_the_service_ran_becomes_a_pool_that_replays_read(tmp_path: Path) -> None:
    data = sums(tmp_path, 2)
    equality = AnswerKeys()
    with (
        FakeVllm(disagrees, model="small") as generator,
        FakeVllm(score=lambda asked, steps: 0.5, model="prm") as prm,
    ):
        settings = Settings(
            generator_url=f"{generator.url}/v1",
            verifier_url=f"{prm.url}/v1",
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
        )
        setup = Setup(effort="medium", max_generations=8, strategy=BestOfN(n=4))
        async with open_engine(settings) as engine:
            session = Session(name="mine")
            store = engine.store
            await evaluate(engine, store, equality, data, setup, session, lambda told: None)
            found = await record_evaluation(store, "mine", data, equality, samples=8)
    path = tmp_path / "pool.jsonl.zst"
    write_pool(found.questions, path)
    pool = read_pool(path)
    assert await reread(pool.questions, "math", equality) == recorded(pool.questions)
    equality.close()
    assert (pool.size, [q.id for q in pool.questions]) == (8, ["s0", "s1"])
    assert [[s.right for s in q.samples] for q in pool.questions] == [
        [True, False] * 4,
        [False, True] * 4,
    ]
    assert {s.scores for q in pool.questions for s in q.samples} == {(0.5, 0.5)}
