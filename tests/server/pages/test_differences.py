from hypothesis import given
from hypothesis import strategies as st

from forethought.server.pages.differences import MOST_WORDS, Piece, differences


def test_words_that_differ_are_marked_on_both_sides() -> None:
    sides = differences("It is 41 eggs.", "It is 42 brown eggs.")
    assert [piece.text for piece in sides.before if piece.changed] == ["41"]
    assert [piece.text for piece in sides.after if piece.changed] == ["42 brown"]


def test_equal_texts_have_nothing_marked_and_an_empty_one_is_nothing() -> None:
    assert differences("a b", "a b").after == (Piece(text="a b", changed=False),)
    assert differences("", "a").before == ()


def test_very_long_texts_are_compared_by_lines() -> None:
    lines = [f"line {k}\n" for k in range(MOST_WORDS)]
    sides = differences("".join(lines), "".join([*lines[:7], "other\n", *lines[8:]]))
    assert [piece.text for piece in sides.before if piece.changed] == ["line 7\n"]


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_of_a_side_are_its_text(before: str, after: str) -> None:
    sides = differences(before, after)
    assert "".join(piece.text for piece in sides.before) == before
    assert "".join(piece.text for piece in sides.after) == after
