import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.errors import NoCandidate
from forethought.nodes.replying import cut_at, replied
from forethought.nodes.tool_calls.ids import with_ids
from forethought.nodes.values import Message, Question, ToolCall, ToolSpec

ASKED = (Message("user", "?"),)
TOOLS = (ToolSpec(name="f"),)
CALLED = '[{"name":"f","arguments":{}}]'


def test_a_reply_in_words_ends_before_the_first_stop_string() -> None:
    question = Question(messages=ASKED, kind="free", stop=("three", "two"))
    assert replied("one two three", None, question).text == "one "


@given(st.text("abc", max_size=20), st.lists(st.text("abc", min_size=1, max_size=3), max_size=4))
def test_what_is_left_holds_no_stop_string_and_is_the_beginning(text: str, stop: list[str]) -> None:
    left = cut_at(text, stop)
    assert text.startswith(left)
    assert not any(one in left for one in stop)
    assert left == text or any(text[len(left) :].startswith(one) for one in stop)


def test_a_partial_reply_in_words_is_given_where_words_will_do() -> None:
    question = Question(messages=ASKED, kind="tool_call", tools=TOOLS)
    assert replied("It is sun", None, question).text == "It is sun"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ('<tool_call>{"name": "f"', Question(messages=ASKED, kind="tool_call", tools=TOOLS)),
        (
            "words",
            Question(messages=ASKED, kind="tool_call", tools=TOOLS, tool_choice="required"),
        ),
        ('{"a": ', Question(messages=ASKED, kind="json", schema="{}")),
    ],
)
def test_a_part_of_a_call_or_of_json_is_no_reply(text: str, question: Question) -> None:
    with pytest.raises(NoCandidate):
        replied(text, None, question)


def test_calls_and_what_was_said_beside_them_are_told_apart() -> None:
    question = Question(messages=ASKED, kind="tool_call", tools=TOOLS)
    reply = replied(f"Now. <tool_call>{CALLED}</tool_call>", CALLED, question)
    assert reply.text == "Now."
    assert reply.calls == (ToolCall(id="", name="f", arguments="{}"),)


def test_ids_are_the_same_for_the_same_run_and_place_and_differ_elsewhere() -> None:
    calls = (ToolCall(id="", name="f", arguments="{}"),) * 3
    given_ids = [call.id for call in with_ids(calls, "0193")]
    others = [call.id for call in (*with_ids(calls, "0194"), *with_ids(calls, "0193", 1))]
    assert given_ids == [call.id for call in with_ids(calls, "0193")]
    assert len({*given_ids, *others}) == 9
    assert all(len(one) == 9 and one.isalnum() for one in given_ids)
