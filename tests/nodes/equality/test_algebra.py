import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forethought.nodes.equality.algebra import algebra_key

EQUAL = [
    ["\\frac{1}{2}", "1/2", "0.5", "\\dfrac12", "2^{-1}", "\\frac{2}{4}", "{0.5}"],
    ["\\sqrt{8}", "2\\sqrt{2}", "\\sqrt 8", "2 \\cdot \\sqrt{2}", "8^{1/2}"],
    ["\\frac{\\sqrt{3}}{3}", "\\frac{1}{\\sqrt{3}}", "3^{-1/2}"],
    ["(1,2)", "( 1, 2 )", "(1, \\frac{4}{2})", "\\left(1,2\\right)"],
    ["[1,2]", "[1, 2]"],
    ["(1,2]"],
    ["(1,2,3)", "\\left(1,2,\\frac{6}{2}\\right)"],
    ["(3,2,1)"],
    ["\\{1,2\\}", "\\{2,1\\}", "1,2", "x=1, x=2", "2, 1"],
    ["5", "x=5", "x = 5", "2+3=5", "\\{5\\}"],
    ["25", "25\\%", "25%", "5^2", "25^\\circ"],
    ["12", "12\\text{ cm}", "12 cm", "3 \\cdot 4", "12\\text{ km}/\\text{h}", "\\$12"],
    ["\\text{Paris}", "Paris", "paris"],
    ["no solution", "No Solution", "\\text{no solution}"],
    ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}"],
    ["\\begin{pmatrix}1&2\\\\3&5\\end{pmatrix}"],
    ["\\begin{pmatrix}1\\\\2\\end{pmatrix}"],
    [
        "\\begin{pmatrix}2\\\\4\\end{pmatrix}",
        "2\\begin{pmatrix}1\\\\2\\end{pmatrix}",
        "\\begin{pmatrix}1\\\\2\\end{pmatrix}+\\begin{pmatrix}1\\\\2\\end{pmatrix}",
    ],
    ["2A=\\begin{pmatrix}2\\\\4\\end{pmatrix}"],
    ["x^2=\\emptyset"],
    ["x+1=x+1"],
    ["\\{\\frac{1}{0},1\\}"],
    ["10^7+1/3", "1/3+10^7"],
    ["2x+3", "3+2x", "2\\left(x+\\frac32\\right)", "y=2x+3"],
    ["2y+3"],
    ["(x+1)^2", "x^2+2x+1", "(1+x)(x+1)"],
    ["x+y=1", "2x+2y=2", "1=y+x"],
    ["x+y=2"],
    ["\\pi"],
    ["3.14159"],
    ["2\\pi", "\\pi+\\pi"],
    ["x>3", "3<x"],
    ["x\\ge 3", "3\\le x"],
    ["1<x<2"],
    ["(-\\infty,3)"],
    ["(-\\infty,3]"],
    ["(3,\\infty)", "(3, +\\infty)"],
    ["(-\\infty,1)\\cup(2,\\infty)", "(2,\\infty)\\cup(-\\infty,1)"],
    ["\\infty"],
    ["\\emptyset", "\\varnothing"],
    ["3\\text{ and }4", "3,4"],
    ["2^{100}", "1267650600228229401496703205376"],
    ["2^{100}+1", "1267650600228229401496703205377"],
    ["10^{19}-1", "9999999999999999999"],
    ["1000000", "1,000,000", "10^6", "10^{6}"],
    ["\\binom{5}{2}", "10"],
    ["6!", "720"],
    ["x"],
    ["y"],
    ["\\frac{1}{0}"],
    ["\\frac{2}{0}"],
    ["\\mathrm{i}\\sqrt{2}"],
    ["\\frac{x}{0}"],
    ["f(x)=x+1"],
]  # fmt: skip


@pytest.mark.parametrize("group", EQUAL, ids=lambda group: group[0])
def test_equal_answers_have_one_key(group: list[str]) -> None:
    keys = {answer: algebra_key(answer) for answer in group}
    assert len(set(keys.values())) == 1, keys
    assert None not in keys.values()


def test_different_answers_have_different_keys() -> None:
    keys = {group[0]: algebra_key(group[0]) for group in EQUAL}
    assert len(set(keys.values())) == len(EQUAL), sorted((str(k), a) for a, k in keys.items())


def test_nothing_has_no_key() -> None:
    assert algebra_key("") is None
    assert algebra_key("  ") is None


@given(a=st.integers(-99, 99), b=st.integers(-99, 99), c=st.integers(1, 99))
@settings(max_examples=40)
def test_the_same_number_written_otherwise_has_one_key(a: int, b: int, c: int) -> None:
    key = algebra_key(f"\\frac{{{a + b}}}{{{c}}}")
    assert algebra_key(f"\\frac{{{a}}}{{{c}}} + \\frac{{{b}}}{{{c}}}") == key
    assert algebra_key(f"({a}+{b})/{c}") == key
    assert algebra_key(f"x = \\frac{{{a} + {b}}}{{{c}}}") == key


@given(a=st.integers(2, 30), b=st.integers(2, 30))
@settings(max_examples=20)
def test_roots_are_equal_when_their_squares_are(a: int, b: int) -> None:
    assert algebra_key(f"{a}\\sqrt{{{b}}}") == algebra_key(f"\\sqrt{{{a * a * b}}}")


@given(st.text(alphabet="0123x+-*/^(){}[]\\,=<> ", max_size=12))
@settings(max_examples=60)
def test_what_is_written_is_equal_to_itself(text: str) -> None:
    assert algebra_key(text) == algebra_key(text)
