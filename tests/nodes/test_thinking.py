import pytest

from fakes import ScriptedGenerator, ask, cut_at_length, tools
from forethought.nodes.algorithms.draw import draw
from forethought.nodes.prompts import answer_messages, revision_messages
from forethought.nodes.thinking import is_thinking, part_thinking, without_thinking
from forethought.nodes.values import Message, Question

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("<think>a</think>\n\nb", "a", "b"),
        ("a</think>b", "a", "b"),
        ("<think>a", "a", ""),
        ("b\n<think>a", "a", "b"),
        ("<think>a</think>b<think>c</think>d", "ab" + "c", "d"),
        ("<think>a</think>b<think>c", "a\n\nc", "b"),
        ("b", "", "b"),
        ("", "", ""),
    ],
)
def test_a_text_is_parted_at_its_tags(text: str, thinking: str, answer: str) -> None:
    parted = part_thinking(text)
    assert (parted.thinking, parted.answer) == (thinking, answer)


def test_a_text_without_tags_is_untouched() -> None:
    assert without_thinking("  b \n") == "  b \n"


def test_an_open_tag_is_thinking() -> None:
    assert is_thinking("<think>a")
    assert not is_thinking("<think>a</think>b")
    assert not is_thinking("a")


async def test_a_sample_is_compared_by_its_answer_alone() -> None:
    generator = ScriptedGenerator(
        ["<think>\\boxed{1}</think>x\n\n\\boxed{2}", cut_at_length("<think>\\boxed{1}"), "<think>"]
    )
    drawn = await draw(tools(generator), 3, first=0, origin="search")
    first, cut, empty = drawn.candidates
    assert (first.text, first.thinking) == ("x\n\n\\boxed{2}", "\\boxed{1}")
    assert [step.text for step in first.steps] == ["x", "\\boxed{2}"]
    assert (cut.text, cut.ending) == ("", "length")
    assert empty.ending == "empty"


def test_thinking_is_never_sent_back() -> None:
    turns = (
        Message("user", "1?"),
        Message("assistant", "<think>hm</think>1"),
        Message("user", "<think>2?"),
    )
    for kind in ("free", "math"):
        sent = answer_messages(Question(messages=turns, kind=kind))
        assert [m.content for m in sent[-3:]] == ["1?", "1", "<think>2?"]


async def test_a_revision_sees_no_thinking() -> None:
    generator = ScriptedGenerator(["<think>hm</think>1"])
    drawn = await draw(tools(generator), 1, first=0, origin="search")
    shown = revision_messages(ask().messages, drawn.candidates)[-1].content
    assert "hm" not in shown
    assert shown.endswith("Attempt 1:\n1")
