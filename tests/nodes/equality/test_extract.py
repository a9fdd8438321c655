import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.equality.extract import extract_answer, last_boxed
from forethought.nodes.values import Kind


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("So \\boxed{5}.", "5"),
        ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("\\boxed{1} no, \\boxed{2}", "2"),
        ("\\boxed{1} no, \\boxed{2", "1"),
        ("\\fbox{3}", "3"),
        ("\\boxed {4}", "4"),
        ("\\boxed{}", ""),
        ("\\boxed{ {a} }", "{a}"),
        ("\\boxed{a\nb}", "a\nb"),
        ("boxed{5}", None),
        ("", None),
    ],
)
def test_the_last_complete_box_wins(text: str, content: str | None) -> None:
    assert last_boxed(text) == content


@pytest.mark.parametrize(
    ("kind", "text", "answer"),
    [
        ("math", "The answer is 5. Or rather \\boxed{6}", "6"),
        ("math", "\\boxed{6}. The answer is 5.", "6"),
        ("math", "\\boxed{}. The answer is 5.", None),
        ("math", "The answer is 42.", "42"),
        ("math", "The final answer is: $\\frac{1}{2}$.", "\\frac{1}{2}"),
        ("math", "the answer is \\(x+1\\)", "x+1"),
        ("math", "Answer: $18", "$18"),
        ("math", "**Answer:** 1,234 dollars", "1,234 dollars"),
        ("number", "Answer = 7", "7"),
        ("math", "First the answer is 3.\nThen the answer is 4.", "4"),
        ("math", "The answer is not hard to find.", None),
        ("math", "The answer is 5 because 2+3=5", None),
        ("math", "The answer is x + 1", None),
        ("math", "It is 42.", None),
        ("choice", "The answer is (B) Paris.", "B"),
        ("choice", "Answer: C", "C"),
        ("choice", "Answer: paris", "paris"),
        ("text", "The answer is Paris.", "Paris"),
        ("text", "Answer: .", None),
        ("text", "Paris", None),
        ("free", "\\boxed{5}", None),
    ],
)
def test_reads_the_stated_answer(kind: Kind, text: str, answer: str | None) -> None:
    assert extract_answer(text, kind) == answer


@given(st.recursive(st.text("ab12 ", max_size=4), lambda x: x.map(lambda s: f"{s}{{{s}}}")))
def test_a_balanced_content_is_returned_whole(content: str) -> None:
    assert last_boxed(f"before \\boxed{{{content}}} after }}") == content.strip()


@given(st.text(alphabet="\\boxed{} a1", max_size=40), st.sampled_from(["math", "choice", "text"]))
def test_any_text_can_be_read(text: str, kind: Kind) -> None:
    answer = extract_answer(text, kind)
    assert answer is None or answer
