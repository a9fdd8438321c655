from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.steps import chain_steps, split_steps


def test_cuts_at_blank_lines() -> None:
    assert split_steps("a\nb\n\n c \n \t\n\n\nd\n") == ["a\nb", "c", "d"]
    assert split_steps("  \n\n ") == []


def test_each_step_is_the_parent_of_the_next() -> None:
    assert [(s.key, s.parent) for s in chain_steps(["x", "y", "z"], "k")] == [
        ("k.0", None),
        ("k.1", "k.0"),
        ("k.2", "k.1"),
    ]


@given(st.text(alphabet="ab \n\t"))
def test_no_step_is_empty_and_no_sign_is_lost(text: str) -> None:
    steps = split_steps(text)
    assert all(step and step == step.strip() for step in steps)
    assert "".join("".join(steps).split()) == "".join(text.split())
