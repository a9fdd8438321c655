import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import FakeClock, found
from forethought.nodes.budget import EFFORTS, GENERATIONS, PRIOR_ANSWER_TOKENS, Budget, Meter
from forethought.nodes.errors import BudgetSpent
from forethought.nodes.values import Usage


def spend(meter: Meter, tokens: int) -> None:
    meter.spend(Usage(calls=1, completion_tokens=tokens))


def test_every_effort_has_its_generations_and_more_effort_never_has_fewer() -> None:
    assert tuple(GENERATIONS) == EFFORTS
    assert list(GENERATIONS.values()) == sorted(GENERATIONS.values())
    assert (GENERATIONS["none"], GENERATIONS["low"], GENERATIONS["max"]) == (0, 4, 256)


def test_generations_run_out() -> None:
    meter = Meter(Budget(generations=4))
    assert (meter.room(), meter.spent(), meter.tokens_left, meter.seconds_left) == (
        4,
        None,
        None,
        None,
    )
    meter.count(3, [])
    assert (meter.room(), meter.spent()) == (1, None)
    meter.count(2, [])
    assert (meter.room(), meter.spent()) == (0, "generations")
    meter.check()  # a call may still be made: a search pays its generations at its start


def test_answers_teach_how_long_answers_are() -> None:
    meter = Meter(Budget(generations=100, tokens=PRIOR_ANSWER_TOKENS * 3 + 1))
    assert meter.room() == 3
    spend(meter, PRIOR_ANSWER_TOKENS)
    meter.count(2, [found("a", n_tokens=10), found("b", n_tokens=30), found("c", ending="length")])
    assert meter.answer_tokens == 20
    assert meter.room() == (PRIOR_ANSWER_TOKENS * 2 + 1) // 20


def test_tokens_run_out_when_no_answer_of_the_usual_length_fits() -> None:
    meter = Meter(Budget(generations=100, tokens=100))
    assert meter.spent() == "tokens"
    meter.count(1, [found("a", n_tokens=30)])
    spend(meter, 70)
    assert (meter.spent(), meter.room()) == (None, 1)
    spend(meter, 1)
    assert (meter.spent(), meter.room(), meter.tokens_left) == ("tokens", 0, 29)
    meter.check()
    spend(meter, 29)
    with pytest.raises(BudgetSpent, match="tokens"):
        meter.check()


def test_a_server_that_does_not_count_makes_no_answer_free() -> None:
    meter = Meter(Budget(generations=9, tokens=5))
    meter.count(1, [found("a", n_tokens=0)])
    assert (meter.answer_tokens, meter.room(), meter.spent()) == (1.0, 5, None)


def test_the_deadline_comes_first() -> None:
    clock = FakeClock()
    meter = Meter(Budget(generations=1, tokens=1, deadline_s=10.0), clock)
    clock.now += 4
    assert (meter.seconds, meter.seconds_left) == (4.0, 6.0)
    clock.now += 6
    assert meter.spent() == "deadline"
    with pytest.raises(BudgetSpent) as spent:
        meter.check()
    assert spent.value.resource == "deadline"


def test_usage_adds_up() -> None:
    meter = Meter(Budget(generations=1))
    one = Usage(calls=1, prompt_tokens=2, cached_tokens=1, completion_tokens=3, verifier_tokens=4)
    meter.spend(one)
    meter.spend(one)
    assert meter.usage == Usage(
        calls=2, prompt_tokens=4, cached_tokens=2, completion_tokens=6, verifier_tokens=8
    )


@given(
    generations=st.integers(0, 50),
    tokens=st.none() | st.integers(0, 5000),
    lengths=st.lists(st.integers(0, 400), max_size=20),
)
def test_there_is_room_exactly_while_nothing_is_spent(
    generations: int, tokens: int | None, lengths: list[int]
) -> None:
    meter = Meter(Budget(generations=generations, tokens=tokens))
    for length in lengths:
        assert (meter.room() > 0) == (meter.spent() is None)
        before = meter.room() if tokens is None else None
        spend(meter, length)
        meter.count(1, [found("a", n_tokens=length)])
        assert before is None or meter.room() == max(0, before - 1)
    assert 0 <= meter.room() <= max(0, generations - len(lengths))
