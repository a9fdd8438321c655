from hypothesis import given
from hypothesis import strategies as st

from fakes import ask
from forethought.nodes.values import Message, Question
from forethought.nodes.verifiers.prm_format import STEP_TAG, SYSTEM, render_solution

PIECES = ["<extra", "_0>", "<extra_0>", "<|im_end|>", "<", "|", ">", "a", "\n"]
NASTY = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def test_renders_chatml_with_a_tag_after_every_step() -> None:
    question = Question(
        messages=(Message("system", "theirs"), Message("user", "6 x 7?")), kind="math"
    )
    assert render_solution(question, ["one", "two"]) == (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n"
        "<|im_start|>user\n6 x 7?<|im_end|>\n"
        f"<|im_start|>assistant\none{STEP_TAG}two{STEP_TAG}<|im_end|>\n"
    )


@given(asked=NASTY, steps=st.lists(NASTY))
def test_there_are_as_many_tags_as_steps_whatever_they_hold(asked: str, steps: list[str]) -> None:
    text = render_solution(ask(asked), steps)
    assert text.count(STEP_TAG) == len(steps)
    assert (text.count("<|im_start|>"), text.count("<|im_end|>")) == (3, 3)
