import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.equality import program as program_module
from forethought.nodes.equality.program import source_key

LINES = st.lists(
    st.sampled_from(["x = 1", "y = x + 2", "print( x )", "z = 'a'", "if x:\n    y = 3"]),
    min_size=1,
    max_size=5,
).map("\n".join)


@pytest.mark.parametrize(
    "forms",
    [
        ["x = 1", "x=1", "x = 1  # one", "\n\nx   =   (1)\n"],
        ["print('a')", 'print("a")'],
        ["let x = 1;", "let   x\n= 1;"],
        ["x = '\\d'", 'x = "\\d"'],
    ],
)
def test_forms_of_one_program_have_one_key(forms: list[str]) -> None:
    assert len({source_key(form) for form in forms}) == 1
    assert source_key(forms[0]) is not None


@pytest.mark.parametrize(
    ("one", "other"), [("x = 1", "x = 2"), ("a - b", "b - a"), ("let x = 1;", "let x = 2;")]
)
def test_different_programs_have_different_keys(one: str, other: str) -> None:
    assert source_key(one) != source_key(other)


@pytest.mark.parametrize("text", ["", " \n"])
def test_no_program_has_no_key(text: str) -> None:
    assert source_key(text) is None


@pytest.mark.parametrize(
    "text", ["\0", "(" * 3000 + ")" * 3000, "x = 1\n  y = 2", "x = " + "9" * 9000]
)
def test_what_cannot_be_parsed_is_compared_by_its_words(text: str) -> None:
    key = source_key(text)
    assert key is not None
    assert key.startswith("s:")
    assert source_key(f" {text}\n") == key


def test_what_is_too_long_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_module, "_LONGEST", 3)
    assert source_key("x = 1") == "s:x = 1"


@given(LINES)
def test_a_program_survives_being_written_anew(text: str) -> None:
    assert source_key(ast.unparse(ast.parse(text))) == source_key(text)
    assert source_key(f"# first\n{text}\n\n# last\n") == source_key(text)
