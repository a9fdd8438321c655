import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.kinds import infer_kind, refine_kind
from forethought.nodes.values import Kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What is 6 x 7?", "math"),
        ("Natalia sold 48 clips in April and half as many in May. How many in total?", "math"),
        ("Tom has a dozen eggs and eats three. How many are left?", "math"),
        ("Simplify $\\frac{2}{4}$.", "math"),
        ("12*7", "math"),
        ("Find the remainder when $x$ is divided.", "math"),
        ("Which is a mammal?\nA) trout\nB) whale\nC) crow", "choice"),
        ("Pick one: (A) red (B) blue", "choice"),
        ("Write a function that adds 2 numbers", "free"),
        ("Explain why 2 + 2 = 4", "free"),
        ("List 5 cities", "free"),
        ("Translate 'how many' into French", "free"),
        ("Hello!", "free"),
        ("What is the meaning of life?", "free"),
        ("I ate 3 apples", "free"),
        ("", "free"),
    ],
)
def test_guesses_the_kind_from_the_words(text: str, kind: Kind) -> None:
    assert infer_kind(text) == kind


@given(st.text(max_size=60))
def test_any_text_has_a_kind(text: str) -> None:
    assert infer_kind(text) in ("math", "choice", "free")


CALL = '```json\n{"name": "f", "arguments": {}}\n```'
OBJECT = 'So: {"a": 1}'
PROGRAM = "Here:\n```python\nx = 1\n```"


@pytest.mark.parametrize(
    ("kind", "texts", "refined"),
    [
        ("free", ["\\boxed{5}", "so \\boxed{1/2}"], "math"),
        ("free", ["\\boxed{5}", "so \\boxed{x}"], "free"),
        ("free", ["\\boxed{5}"], "free"),
        ("free", [], "free"),
        ("free", ["\\boxed{B}", "\\boxed{(c)}"], "choice"),
        ("math", ["\\boxed{B}", "\\boxed{A}"], "choice"),
        ("math", ["\\boxed{x}", "\\boxed{y}"], "math"),
        ("math", [OBJECT, OBJECT], "math"),
        ("free", [CALL, CALL], "tool_call"),
        ("free", [CALL, OBJECT], "json"),
        ("free", [OBJECT, '```json\n[{"a": 1}]\n```'], "json"),
        ("free", ["See [1].", "See [2]."], "free"),
        ("free", [PROGRAM, PROGRAM], "code"),
        ("free", [PROGRAM, PROGRAM + "\n" + PROGRAM], "free"),
        ("free", [OBJECT, PROGRAM], "free"),
        ("text", [OBJECT, OBJECT], "text"),
        ("number", ["\\boxed{A}", "\\boxed{A}"], "number"),
    ],
)
def test_the_pilots_answers_refine_a_guess(kind: Kind, texts: list[str], refined: Kind) -> None:
    assert refine_kind(kind, texts) == refined
