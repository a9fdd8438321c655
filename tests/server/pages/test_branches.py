from hypothesis import given
from hypothesis import strategies as st

from forethought.server.pages.branches import Branch, branches_of, find_branch, walk
from forethought.storage.views import TraceDetail
from made_details import detail, ended, step


def keys(branch: Branch) -> list[list[str]]:
    """The straight way of a branch, a list a stretch."""
    return [[one.key for one in stretch.steps] for stretch in branch.stretches]


def beam() -> TraceDetail:
    """Two beginnings; the better one forks, its worse child is chosen."""
    return detail(
        steps=(
            step("a", None, 0.9),
            step("b", None, 0.2),
            step("a.0", "a", 0.8),
            step("a.1", "a", 0.95),
            step("a.2", "a", 0.1),
            step("a.0.0", "a.0", 0.7),
        ),
        candidates=(
            ended("b", "b", "pruned", answer=None),
            ended("a.2", "a.2", "pruned", answer=None),
            ended("a.1", "a.1"),
            ended("a.0.0", "a.0.0"),
        ),
        candidate_key="a.0.0",
    )


def test_a_branch_goes_straight_on_to_the_chosen_answer_and_the_others_stand_beside_it() -> None:
    first, second = branches_of(beam())
    assert keys(first) == [["a"], ["a.0", "a.0.0"]]
    assert [(side.key, side.state) for side in first.stretches[0].sides] == [
        ("a.1", "kept"),
        ("a.2", "cut"),
    ]
    assert (first.state, first.size, first.score) == ("chosen", 5, 0.7)
    assert (second.key, second.state, second.size) == ("b", "cut", 1)


def test_without_a_chosen_answer_the_better_score_goes_straight_on() -> None:
    (first, _) = branches_of(detail(steps=beam().steps, candidates=beam().candidates))
    assert keys(first) == [["a"], ["a.1"]]
    assert [side.key for side in first.stretches[0].sides] == ["a.0", "a.2"]


def test_a_branch_that_has_not_ended_is_open() -> None:
    (branch,) = branches_of(detail(steps=(step("a"), step("a.0", "a"))))
    assert (branch.state, branch.last, branch.stage) == ("open", None, "search")
    assert keys(branch) == [["a", "a.0"]]


def test_a_text_that_was_never_split_is_a_branch_of_one_step() -> None:
    found = branches_of(detail(candidates=(ended("pilot-0", None, origin="pilot"),)))
    assert [(b.key, b.stage, b.stretches[0].steps[0].text) for b in found] == [
        ("text:pilot-0", "pilot", "It is 42.")
    ]


def test_branches_come_by_stage_and_a_stage_is_told_by_what_ended_in_it() -> None:
    found = branches_of(
        detail(
            steps=(step("r", None, 0.9), step("s", None, 0.5), step("p", None, 0.1)),
            candidates=(
                ended("r", "r", origin="revision"),
                ended("s", "s"),
                ended("p", "p", origin="pilot"),
            ),
        )
    )
    assert [branch.stage for branch in found] == ["pilot", "search", "revision"]


def test_a_step_that_ends_a_candidate_and_goes_on_is_a_stretch_of_its_own() -> None:
    found = branches_of(
        detail(
            steps=(step("a"), step("b", "a"), step("c", "b")),
            candidates=(ended("looked", "b", "rollout"), ended("c", "c")),
        )
    )
    assert [keys(branch) for branch in found] == [[["a", "b"], ["c"]]]
    assert [end.key for end in found[0].stretches[0].ends] == ["looked"]


def test_a_step_whose_parent_was_lost_begins_a_branch_and_steps_in_a_ring_are_shown() -> None:
    lost = branches_of(detail(steps=(step("a.0", "a"),)))
    ring = branches_of(detail(steps=(step("x", "y"), step("y", "x"))))
    assert [branch.key for branch in lost] == ["a.0"]
    assert sum(branch.size for branch in ring) == 2


def test_a_very_deep_search_is_one_branch() -> None:
    steps = tuple(step(f"s{k}", f"s{k - 1}" if k else None) for k in range(5000))
    (branch,) = branches_of(detail(steps=steps))
    assert (branch.size, len(branch.stretches)) == (5000, 1)


def test_a_side_branch_is_found_by_its_first_step() -> None:
    branches = branches_of(beam())
    found = find_branch(branches, "a.2")
    assert found is not None and found.state == "cut"
    assert find_branch(branches, "a.0") is None, "it is on the straight way of another"


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), max_size=60))
def test_every_step_and_every_end_is_shown_once(rows: list[tuple[int, bool, bool]]) -> None:
    steps, candidates = [], []
    for number, (parent, is_root, ends) in enumerate(rows):
        above = None if is_root or number == 0 else f"s{parent % number}"
        steps.append(step(f"s{number}", above, (parent % 10) / 10))
        if ends:
            candidates.append(
                ended(f"c{number}", f"s{number}", "whole" if parent % 2 else "pruned")
            )
    branches = branches_of(detail(steps=tuple(steps), candidates=tuple(candidates)))
    shown = [s.key for b in walk(branches) for stretch in b.stretches for s in stretch.steps]
    ends_shown = [e.key for b in walk(branches) for stretch in b.stretches for e in stretch.ends]
    assert sorted(shown) == sorted(one.key for one in steps)
    assert sorted(ends_shown) == sorted(one.key for one in candidates)
    assert sum(branch.size for branch in branches) == len(steps)
