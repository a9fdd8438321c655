"""Equality is an equivalence for every kind, answers survive their own forms, grouping is linear."""

import asyncio
import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.equality import keys as keys_module
from forethought.nodes.equality.algebra import algebra_key
from forethought.nodes.equality.keys import PLAIN, AnswerKeys
from forethought.nodes.values import Kind

CALL = '{"name": "f", "arguments": {"a": 1}}'
ANSWERS: dict[Kind, list[str]] = {
    "math": ["1/2", "\\frac{1}{2}", "0.5", "\\sqrt{8}", "2\\sqrt{2}", "x+1", "1+x", "(1,2)", "no"],
    "number": ["5", "5.0", "five", "1,000", "1000", "-3", "50%"],
    "choice": ["A", "(a)", "B", "b) Paris", "none"],
    "text": ["Paris", "paris.", "the Paris", "Rome", "..."],
    "json": ['{"a": 1, "b": 2}', '{"b": 2.0, "a": 1}', "[1]", "[1.0]", "1", '"1"', "{"],
    "tool_call": [CALL, f"[{CALL}]", '{"name": "g"}', f'[{CALL}, {{"name": "g"}}]', "3"],
    "code": ["x = 1", "x=1 # one", "x = 2", "let x;", "let  x;", ""],
}
FORMS: dict[Kind, list[Callable[[str], str]]] = {
    "math": [lambda a: f" {a} ", lambda a: f"{a}\n"],
    "number": [lambda a: f" {a} "],
    "choice": [lambda a: f" {a} "],
    "text": [str.upper, lambda a: f"  {a}.", lambda a: a.replace(" ", "  ")],
    "json": [lambda a: f"\n{a} ", lambda a: json.dumps(json.loads(a), indent=3)],
    "tool_call": [lambda a: json.dumps(json.loads(a), sort_keys=True)],
    "code": [lambda a: f"\n{a}\n", lambda a: f"{a}   "],
}
KINDS: list[Kind] = list(ANSWERS)


class Here:
    """Evaluates mathematics in this process, and counts."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    async def run(self, function: Callable[[str], str | None], text: str) -> str | None:
        self.ran.append(text)
        return algebra_key(text)

    def close(self) -> None:
        """Nothing to stop."""


POOL = Here()
EQUALITY = AnswerKeys(POOL)


def keys_of(answers: Sequence[str], kind: Kind) -> list[str | None]:
    return asyncio.run(EQUALITY.keys(answers, kind))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_equality_is_reflexive_symmetric_and_transitive(kind: Kind, data: st.DataObject) -> None:
    drawn = st.sampled_from(ANSWERS[kind]) | st.text(max_size=12)
    if kind == "math":
        drawn = st.sampled_from(ANSWERS[kind])
    a, b, c = (data.draw(drawn) for _ in range(3))

    def equal(one: str, other: str) -> bool:
        first, second = keys_of([one, other], kind)
        return first is not None and first == second

    assert equal(a, a) == (keys_of([a], kind) != [None])
    assert equal(a, b) == equal(b, a)
    assert not (equal(a, b) and equal(b, c)) or equal(a, c)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_survives_its_own_forms(kind: Kind) -> None:
    for answer in ANSWERS[kind]:
        key = keys_of([answer], kind)
        if key != [None]:
            assert all(keys_of([form(answer)], kind) == key for form in FORMS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_one_key_is_computed_for_each_distinct_answer(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    if kind in PLAIN:
        plain = PLAIN[kind]

        def count(answer: str) -> str | None:
            counted.append(answer)
            return plain(answer)

        monkeypatch.setitem(keys_module.PLAIN, kind, count)
        equality = AnswerKeys(Here())
    else:
        monkeypatch.setattr(keys_module, "number_key", lambda _: None)
        pool = Here()
        counted = pool.ran
        equality = AnswerKeys(pool)
    found = asyncio.run(equality.keys(ANSWERS[kind] * 50, kind))
    assert counted == ANSWERS[kind]
    assert found == found[: len(ANSWERS[kind])] * 50
