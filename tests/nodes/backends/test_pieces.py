import pytest

from forethought.nodes.backends.pieces import end_of
from forethought.nodes.values import End


@pytest.mark.parametrize(
    ("finish_reason", "stop_reason", "end"),
    [
        ("stop", None, "eos"),
        ("stop", 151645, "eos"),
        ("stop", "\n\n", "stop"),
        ("length", None, "length"),
        (None, None, "cut"),
        ("abort", None, "cut"),
        ("error", None, "cut"),
    ],
)
def test_names_how_vllm_says_that_a_completion_ended(
    finish_reason: str | None, stop_reason: object, end: End
) -> None:
    assert end_of(finish_reason, stop_reason) == end
