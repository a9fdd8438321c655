import pytest

from fakes import ask, found
from forethought.nodes.prompts import SYSTEM, answer_messages, revision_messages
from forethought.nodes.values import Kind, Message, Question, ToolCall, ToolSpec

TURNS = (
    Message("system", "Be kind."),
    Message("user", "Hi"),
    Message("assistant", "Hello"),
    Message("user", "6 x 7?"),
)


def test_free_questions_go_as_they_are() -> None:
    assert answer_messages(Question(messages=TURNS, kind="free")) == TURNS


@pytest.mark.parametrize(("kind", "examples"), [("math", 4), ("number", 4), ("choice", 0)])
def test_ours_follows_the_callers_system_message(kind: Kind, examples: int) -> None:
    messages = answer_messages(Question(messages=TURNS, kind=kind))
    assert messages[0] == Message("system", f"Be kind.\n\n{SYSTEM[kind]}")
    assert messages[1 + examples :] == TURNS[1:]
    assert [m.role for m in messages[1 : 1 + examples]] == ["user", "assistant"] * (examples // 2)


def test_attempts_are_shown_oldest_first_beside_the_question() -> None:
    messages = revision_messages(TURNS, [found("a", text="one"), found("b", text="two")])
    assert messages[:-1] == TURNS[:-1]
    assert messages[-1].role == "user"
    assert messages[-1].content.startswith("6 x 7?\n\n")
    assert messages[-1].content.endswith("Attempt 1:\none\n\nAttempt 2:\ntwo")


WEATHER = ToolSpec(name="weather")
CALLED = (
    *TURNS,
    Message("assistant", "", tool_calls=(ToolCall(id="1", name="weather", arguments="{}"),)),
    Message("tool", "sunny", tool_call_id="1"),
)


def test_questions_with_tools_go_as_they_are_since_the_models_template_tells_of_tools() -> None:
    question = Question(messages=TURNS, kind="tool_call", tools=(WEATHER,))
    assert answer_messages(question) == TURNS


def test_tools_that_may_not_be_called_change_nothing() -> None:
    question = Question(messages=TURNS, kind="math", tools=(WEATHER,), tool_choice="none")
    assert answer_messages(question) == answer_messages(Question(messages=TURNS, kind="math"))


def test_a_schema_is_all_that_is_said_of_the_form() -> None:
    question = Question(messages=TURNS, kind="json", schema='{"type":"object"}')
    system, *turns = answer_messages(question)
    assert system.content.startswith("Be kind.\n\nReply as one JSON value and nothing else")
    assert system.content.endswith('{"type":"object"}')
    assert tuple(turns) == TURNS[1:]


def test_what_a_tool_gave_back_is_not_changed_by_a_revision() -> None:
    messages = revision_messages(CALLED, [found("a", text="one")])
    assert messages[:-1] == CALLED
    assert (messages[-1].role, messages[-1].content[-6:]) == ("user", "1:\none")


def test_the_text_of_a_question_that_a_tool_answered_last_is_the_users() -> None:
    assert Question(messages=CALLED, kind="free").text == "6 x 7?"


def test_the_text_of_a_question_is_its_last_turn() -> None:
    assert Question(messages=TURNS, kind="math").text == ask("6 x 7?").text
