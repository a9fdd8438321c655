import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import (
    DeadVerifier,
    FakeGenerator,
    FakeVerifier,
    ScriptedGenerator,
    ScriptedVerifier,
    found,
    said,
    tools,
)
from forethought.nodes.algorithms.revisions import Chain, Revisions
from forethought.nodes.backends.base import Sampled
from forethought.nodes.errors import BackendError
from forethought.nodes.values import Sampling, Usage

pytestmark = pytest.mark.anyio
SEEDS: tuple[Chain, ...] = ((found("x", "1", 0.2),), (found("y", "2", 0.1),))


async def test_chains_run_side_by_side_in_one_call() -> None:
    generator = ScriptedGenerator(["better x", "better y"])
    verifier = ScriptedVerifier([0.6, 0.7])
    longer = await Revisions(chains=2).lengthen(SEEDS, tools(generator, verifier))
    assert [[(c.key, c.text, c.score) for c in chain] for chain in longer.chains] == [
        [("x", "It is 1.", 0.2), ("revision-0.1", "better x", 0.6)],
        [("y", "It is 2.", 0.1), ("revision-1.1", "better y", 0.7)],
    ]
    assert [len(asked.prompts) for asked in generator.asked] == [2]
    assert verifier.asked == [[["better x"], ["better y"]]]
    assert {c[-1].origin for c in longer.chains} == {"revision"}


async def test_the_four_latest_attempts_are_in_view_oldest_first() -> None:
    generator = FakeGenerator(lambda prompt, k: f"attempt after {len(generator.asked)}")
    chains: tuple[Chain, ...] = ((found("x", text="seed"),),)
    revisions = Revisions(length=6)
    for _ in range(6):
        chains = (await revisions.lengthen(chains, tools(generator))).chains
    last = generator.asked[-1].prompts[0].messages[-1]
    assert last.role == "user"
    assert last.content.startswith("What is 6 x 7?\n\n")
    shown = [f"Attempt {i}:\nattempt after {i + 1}" for i in range(1, 5)]
    assert last.content.endswith("\n\n".join(shown))
    assert chains[0][-1].attempts == (
        "revision-0.2",
        "revision-0.3",
        "revision-0.4",
        "revision-0.5",
    )
    assert [c.attempts for c in chains[0]][1] == ("x",)
    assert Revisions(chains=3, length=5).generations == 15


async def test_a_chain_without_its_attempt_stays_as_it_is_and_keys_stay_unique() -> None:
    one = said("other", Sampling())
    generator = ScriptedGenerator(
        Sampled(batches=((), (one,)), usage=Usage(), fault="broke"), ["a", "b"], ["c", "d"]
    )
    revisions, given = Revisions(chains=2), tools(generator)
    longer = await revisions.lengthen(SEEDS, given)
    assert [len(chain) for chain in longer.chains] == [1, 2]
    assert longer.faults == ("broke",)
    for _ in range(2):
        longer = await revisions.lengthen(longer.chains, given)
    keys = [c.key for chain in longer.chains for c in chain]
    assert len(keys) == len(set(keys)) == 7


async def test_text_is_told_under_the_key_of_its_attempt() -> None:
    told: list[tuple[str, str]] = []
    generator = ScriptedGenerator(["p", "q"])
    given = tools(generator, on_text=lambda key, text: told.append((key, text)))
    await Revisions(chains=2).lengthen(SEEDS, given)
    assert told == [("revision-0.1", "p"), ("revision-1.1", "q")]


async def test_seeds_differ_from_those_of_the_search() -> None:
    generator = FakeGenerator(lambda prompt, k: "a")
    given = tools(generator, sampling=Sampling(seed=5))
    longer = await Revisions().lengthen(SEEDS, given)
    await Revisions().lengthen(longer.chains, given)
    assert [asked.sampling.seed for asked in generator.asked] == [1_000_006, 1_000_007]


async def test_a_verifier_that_fails_costs_the_scores_only() -> None:
    longer = await Revisions().lengthen(SEEDS[:1], tools(ScriptedGenerator(["a"]), DeadVerifier()))
    assert (longer.chains[0][-1].text, longer.chains[0][-1].score) == ("a", None)
    assert longer.faults == ("verifier: the verifier is down",)


async def test_a_generator_that_fails_raises() -> None:
    with pytest.raises(BackendError, match="down"):
        await Revisions().lengthen(SEEDS, tools(ScriptedGenerator(BackendError("down"))))


@given(chains=st.integers(1, 4), length=st.integers(1, 6), window=st.integers(1, 5))
async def test_costs_chains_times_length_in_length_calls(
    chains: int, length: int, window: int
) -> None:
    revisions = Revisions(chains=chains, length=length, window=window)
    generator = FakeGenerator(lambda prompt, k: f"say {len(generator.asked)} {k}")
    verifier = FakeVerifier(lambda steps: 0.5)
    now: tuple[Chain, ...] = tuple((found(f"seed{i}"),) for i in range(chains))
    for _ in range(length):
        now = (await revisions.lengthen(now, tools(generator, verifier))).chains
    new = [c for chain in now for c in chain[1:]]
    assert len(new) == revisions.generations
    assert len({c.key for c in new}) == len(new)
    assert len(generator.asked) == len(verifier.asked) == length
    for chain in now:
        for i, c in enumerate(chain[1:], start=1):
            assert c.attempts == tuple(p.key for p in chain[:i][-window:])
