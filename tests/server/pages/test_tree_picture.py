from itertools import pairwise

from forethought.server.pages.branches import branches_of
from forethought.server.pages.tree_picture import DRAWN, LINKED, grade_of, picture_of
from made_details import comb, detail, ended, step


def test_the_picture_marks_what_was_cut_and_what_was_chosen() -> None:
    picture = picture_of(branches_of(comb(4, 2)), "last")
    assert picture is not None
    marks = [dot.mark for dot in picture.dots]
    assert (marks.count("cut"), marks.count("chosen"), len(marks)) == (8, 1, 12)
    assert {line.state for line in picture.lines} == {"chosen", "cut"}
    assert picture.lines[-1].state == "chosen", "it is drawn over the others"
    assert "12 steps in 9 branches, 8 of them cut" in picture.told


def test_a_step_stands_a_column_right_of_its_parent_and_no_two_in_one_place() -> None:
    made = comb(6, 5)
    picture = picture_of(branches_of(made), "last")
    assert picture is not None
    places = {dot.key: (dot.x, dot.y) for dot in picture.dots}
    assert len(set(places.values())) == len(made.steps)
    columns = sorted({x for x, _ in places.values()})
    assert len({b - a for a, b in pairwise(columns)}) == 1
    for one in made.steps:
        if one.parent_key is not None:
            before = columns.index(places[one.parent_key][0])
            assert columns.index(places[one.key][0]) == before + 1
    assert all(x <= picture.width and y <= picture.height for x, y in places.values())


def test_a_large_picture_has_few_elements() -> None:
    picture = picture_of(branches_of(comb(100, 24)), "last")
    assert picture is not None
    assert [dot.mark for dot in picture.dots] == ["chosen"]
    assert len(picture.many) < 30
    at = [place for dots in picture.many for place in dots.path.split("M")[1:]]
    assert len(at) == len(set(at)) == 2500 - 1 > LINKED


def test_nothing_is_drawn_of_one_step_or_of_far_too_many() -> None:
    assert picture_of(branches_of(detail(candidates=(ended("a", None),))), None) is None
    many = tuple(step(f"s{k}", None) for k in range(DRAWN + 1))
    assert picture_of(branches_of(detail(steps=many)), None) is None


def test_scores_are_in_fifths() -> None:
    scores = (None, 0.0, 0.19, 0.2, 0.5, 0.79, 0.8, 1.0, 1.2, -0.1)
    assert [grade_of(score) for score in scores] == [
        "none", "0", "0", "1", "2", "3", "4", "4", "4", "0",
    ]  # fmt: skip
