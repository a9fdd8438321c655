import pytest

from fakes import ask, found
from forethought.nodes.prompts import SYSTEM, answer_messages, revision_messages
from forethought.nodes.values import Kind, Message, Question

TURNS = (
    Message("system", "Be kind."),
    Message("user", "Hi"),
    Message("assistant", "Hello"),
    Message("user", "6 x 7?"),
)


def test_free_questions_go_as_they_are() -> None:
    assert answer_messages(Question(messages=TURNS, kind="free")) == TURNS


@pytest.mark.parametrize(("kind", "examples"), [("math", 4), ("number", 4), ("choice", 0)])
def test_the_callers_system_message_follows_ours(kind: Kind, examples: int) -> None:
    messages = answer_messages(Question(messages=TURNS, kind=kind))
    assert messages[0] == Message("system", f"{SYSTEM[kind]}\n\nBe kind.")
    assert messages[1 + examples :] == TURNS[1:]
    assert [m.role for m in messages[1 : 1 + examples]] == ["user", "assistant"] * (examples // 2)


def test_attempts_are_shown_oldest_first_beside_the_question() -> None:
    messages = revision_messages(TURNS, [found("a", text="one"), found("b", text="two")])
    assert messages[:-1] == TURNS[:-1]
    assert messages[-1].role == "user"
    assert messages[-1].content.startswith("6 x 7?\n\n")
    assert messages[-1].content.endswith("Attempt 1:\none\n\nAttempt 2:\ntwo")


def test_the_text_of_a_question_is_its_last_turn() -> None:
    assert Question(messages=TURNS, kind="math").text == ask("6 x 7?").text
