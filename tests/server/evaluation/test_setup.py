from dataclasses import replace
from typing import Any

import pytest

from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.server.evaluation.questions import Data, GoldQuestion
from forethought.server.evaluation.setup import Setup

QUESTION = GoldQuestion(id="a", text="2 + 2?", gold="4")
DATA = Data(name="few", sha256="ab" * 32, questions=(QUESTION,))
OTHERS: list[dict[str, Any]] = [
    {"effort": "high"},
    {"max_generations": 8},
    {"policy": "builtin"},
    {"strategy": BestOfN(n=4, selection="weighted")},
    {"kind": "number"},
    {"max_answer_tokens": 100},
    {"levels_by": "cd"},
]


def test_a_question_is_asked_as_the_set_up_says() -> None:
    strategy = BestOfN(n=4, selection="weighted")
    ask = Setup(effort="low", strategy=strategy, max_answer_tokens=300).ask(QUESTION)
    assert (ask.messages[0].role, ask.messages[0].content) == ("user", "2 + 2?")
    assert (ask.effort, ask.budget.generations, ask.max_tokens) == ("low", 4, 300)
    assert (ask.strategy, ask.policy, ask.face) == (strategy, None, "eval")


def test_generations_may_be_set_apart_from_the_effort_and_be_none_at_all() -> None:
    asked = [Setup(effort="low", max_generations=n).ask(QUESTION) for n in (0, 32)]
    assert [ask.budget.generations for ask in asked] == [0, 32]


def test_the_callers_kind_comes_before_the_datas_and_that_before_mathematics() -> None:
    choice = replace(QUESTION, kind="choice")
    assert Setup(effort="low").kind_of(QUESTION) == "math"
    assert Setup(effort="low").kind_of(choice) == "choice"
    assert Setup(effort="low", kind="text").kind_of(choice) == "text"


@pytest.mark.parametrize("other", OTHERS)
def test_another_set_up_has_other_settings_and_another_name(other: dict[str, Any]) -> None:
    one = Setup(effort="low")
    changed = replace(one, **other)
    assert changed.settings() != one.settings()
    assert changed.name(DATA) != one.name(DATA)


def test_a_name_says_the_data_the_effort_and_who_chooses() -> None:
    assert Setup(effort="low").name(DATA).startswith("few-low-")
    assert Setup(effort="low", policy="p@1").name(DATA).startswith("few-low-p@1-")
    by_hand = Setup(effort="low", strategy=BestOfN(n=4, selection="weighted"))
    assert by_hand.name(DATA).startswith("few-low-best_of_n-")


def test_the_name_is_the_same_each_time_and_another_for_other_data() -> None:
    setup = Setup(effort="low")
    assert setup.name(DATA) == setup.name(replace(DATA))
    assert setup.name(DATA) != setup.name(replace(DATA, sha256="cd" * 32))
