import pytest

from fakes import SimpleEquality, boxed, found
from forethought.nodes.equality.read import read_answers

pytestmark = pytest.mark.anyio


async def test_reads_the_whole_ones_and_asks_for_keys_once() -> None:
    equality = SimpleEquality()
    read = await read_answers(
        [
            found("a", text=boxed(1)),
            found("b", text=boxed(2), ending="length"),
            found("c", text="none here"),
            found("d", "7", text=boxed(8)),
            found("e", text=boxed("3?")),
        ],
        "math",
        equality,
    )
    assert equality.asked == [["1", "3?"]]
    assert [(c.key, c.answer, c.answer_key, c.votes) for c in read] == [
        ("a", "1", "1", True),
        ("b", None, None, False),
        ("c", None, None, False),
        ("d", "7", "7", True),
        ("e", "3?", None, False),
    ]


async def test_free_text_has_no_answers() -> None:
    given = (found("a", text=boxed(1)),)
    assert await read_answers(given, "free", SimpleEquality()) == given
