from forethought.server.pages.branches import branches_of
from forethought.server.pages.outline import (
    BESIDE,
    BESIDE_LARGE,
    OF_BRANCH_LARGE,
    Later,
    ShownBranch,
    ShownList,
    later,
    stages,
)
from forethought.storage.views import TraceDetail
from made_details import comb, detail, ended, step


def shown_steps(part: ShownBranch | ShownList) -> list[str]:
    """Keys of all steps in a part, those in side branches too."""
    if isinstance(part, ShownList):
        return [key for branch in part.branches for key in shown_steps(branch)]
    found: list[str] = []
    for stretch in part.stretches:
        found += [one.key for one in stretch.steps] + shown_steps(stretch.sides)
    return found


def rests(part: ShownBranch | ShownList) -> list[Later]:
    """What is left for later anywhere in a part."""
    if isinstance(part, ShownList):
        found = [rest for branch in part.branches for rest in rests(branch)]
    else:
        found = [rest for stretch in part.stretches for rest in rests(stretch.sides)]
    return [*found, *([part.rest] if part.rest else [])]


def wide(samples: int) -> TraceDetail:
    steps = tuple(step(f"p{k}", None, 1 - k / samples) for k in range(samples))
    ends = tuple(ended(f"p{k}", f"p{k}", origin="pilot") for k in range(samples))
    return detail(steps=steps, candidates=ends)


def test_a_small_search_is_shown_whole() -> None:
    (stage,) = stages(branches_of(comb(5, 3)))
    assert len(shown_steps(stage.list)) == 20
    assert rests(stage.list) == []


def test_of_many_beginnings_the_first_are_shown_and_the_others_counted() -> None:
    (stage,) = stages(branches_of(wide(100)))
    assert stage.count == 100
    assert len(stage.list.branches) == BESIDE
    assert stage.list.rest == Later(of="stage:pilot", skip=BESIDE, left=60)


def test_a_large_search_shows_its_chosen_way_first_and_little_of_the_rest() -> None:
    (stage,) = stages(branches_of(comb(200, 24)))
    first = stage.list.branches[0]
    assert first.state == "chosen"
    assert sum(len(stretch.steps) for stretch in first.stretches) == OF_BRANCH_LARGE
    assert {len(stretch.sides.branches) for stretch in first.stretches} == {BESIDE_LARGE}
    assert first.rest == Later(of="0-0", skip=OF_BRANCH_LARGE, left=200 - OF_BRANCH_LARGE)


def test_whatever_is_left_for_later_can_be_had_and_no_step_is_missing() -> None:
    branches = branches_of(comb(90, 12))
    waiting = [stage.list for stage in stages(branches)]
    found: list[str] = []
    asked: list[Later] = []
    parts: list[ShownBranch | ShownList] = list(waiting)
    while parts:
        part = parts.pop()
        found += shown_steps(part)
        for rest in rests(part):
            assert rest not in asked, "what was left comes again"
            asked.append(rest)
            more = later(branches, rest.of, rest.skip)
            assert more is not None
            parts.append(more)
    assert sorted(found) == sorted(key.key for key in comb(90, 12).steps)


def test_a_part_that_is_not_there_is_none() -> None:
    branches = branches_of(comb(3, 1))
    assert later(branches, "nowhere", 0) is None
    assert later(branches, "stage:pilot", 0) is None
    assert later(branches, "sides:0-0", 5) is None
    assert later(branches, "stage:search", 5) is None
