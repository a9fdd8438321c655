import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import FakeGenerator, ScriptedGenerator, run_out, tools
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.algorithms.waves import asked_after
from forethought.nodes.errors import BackendError
from forethought.nodes.values import Sampling

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("n", "wave", "waves"),
    [
        (1, None, [1]),
        (7, None, [7]),
        (16, 4, [4, 8, 4]),
        (12, 4, [4, 8]),
        (3, 4, [3]),
        (64, 4, [4, 8, 16, 32, 4]),
        (5, 1, [1, 2, 2]),
    ],
)
async def test_every_wave_is_twice_the_last_and_the_total_is_n(
    n: int, wave: int | None, waves: list[int]
) -> None:
    generator = FakeGenerator(lambda prompt, k: f"answer {k}")
    searches = await run_out(Majority(n=n, wave=wave), tools(generator))
    assert [asked.n for asked in generator.asked] == waves
    assert [s.generations for s in searches[1:]] == [sum(waves[: i + 1]) for i in range(len(waves))]
    assert [c.key for c in searches[-1].candidates] == [f"search-{i}" for i in range(n)]
    assert [s.done for s in searches] == [False] * len(waves) + [True]


@given(n=st.integers(1, 300), wave=st.none() | st.integers(1, 20))
def test_waves_only_grow_and_stay_at_n(n: int, wave: int | None) -> None:
    totals = [asked_after(rounds, n, wave) for rounds in range(12)]
    assert totals[0] == 0
    assert totals == sorted(totals)
    assert totals[-1] == n
    assert totals[1] == min(wave or n, n)


async def test_the_seed_moves_on_with_the_samples() -> None:
    generator = FakeGenerator(lambda prompt, k: "a")
    await run_out(Majority(n=16, wave=4), tools(generator, sampling=Sampling(seed=70)))
    assert [asked.sampling.seed for asked in generator.asked] == [70, 74, 82]


async def test_without_a_seed_none_is_sent() -> None:
    generator = FakeGenerator(lambda prompt, k: "a")
    await run_out(Majority(n=8, wave=4), tools(generator))
    assert [asked.sampling.seed for asked in generator.asked] == [None, None]


async def test_a_wave_that_finds_nothing_raises_and_changes_nothing() -> None:
    generator = ScriptedGenerator(BackendError("down"))
    with pytest.raises(BackendError, match="down"):
        await run_out(Majority(n=4), tools(generator))
