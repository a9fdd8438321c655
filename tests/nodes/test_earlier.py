from forethought.nodes.candidate import Candidate, Step
from forethought.nodes.earlier import Earlier, drawn, marked
from forethought.nodes.values import Usage


def step(key: str, parent: str | None = None) -> Step:
    return Step(key=key, parent=parent, text="a", score=0.5)


SAMPLE = Candidate(
    key="pilot-0", origin="pilot", ending="whole", text="a", n_tokens=3, steps=(step("pilot-0.0"),)
)
REVISION = Candidate(
    key="v1", origin="revision", ending="whole", text="b", n_tokens=3, attempts=("pilot-0",)
)
BEAM = Candidate(
    key="s0-1",
    origin="search",
    ending="pruned",
    text="aa",
    n_tokens=2,
    steps=(step("s0-0"), step("s0-1", "s0-0")),
)


def test_marked_keys_are_new_and_still_point_at_each_other() -> None:
    sample, revision, beam = marked([SAMPLE, REVISION, BEAM])
    assert (sample.key, revision.attempts) == ("r-pilot-0", ("r-pilot-0",))
    assert [(s.key, s.parent) for s in beam.steps] == [("r-s0-0", None), ("r-s0-1", "r-s0-0")]
    assert beam.key == beam.steps[-1].key
    assert marked(marked([SAMPLE]))[0].key == "r-r-pilot-0"


def test_what_was_given_up_on_the_way_counts_for_no_generation() -> None:
    earlier = Earlier(trace_id="t", candidates=(SAMPLE, REVISION, BEAM), usage=Usage())
    assert earlier.generations == 2


def test_drawn_are_whole_samples_that_knew_of_no_other() -> None:
    ended = Candidate(
        key="s0-1", origin="search", ending="whole", text="a", n_tokens=1, steps=(step("s0-1"),)
    )
    assert drawn([SAMPLE, REVISION, BEAM, ended]) == (SAMPLE,)
