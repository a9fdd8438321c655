from forethought.storage.tally import Branch, Stretch, count_votes, cut_tokens, tally


def branch(key: str, answer: str | None = "42", **more: object) -> Branch:
    values: dict[str, object] = {
        "key": key,
        "parent_key": None,
        "leaf_step_key": None,
        "origin": "search",
        "ending": "whole",
        "n_tokens": 10,
        "answer_key": answer,
        "score": None,
    }
    return Branch(**(values | more))  # type: ignore[arg-type]


def voters(answers: str) -> list[Branch]:
    return [branch(f"s{at}", answer) for at, answer in enumerate(answers)]


def test_a_vote_is_decided_when_the_rest_cannot_overturn_it() -> None:
    ballot = count_votes(voters("aaabb"), "a")
    assert (ballot.settled, ballot.decided, ballot.late_tokens) == (1, 3, 20)


def test_a_vote_that_turned_is_settled_where_it_turned_last() -> None:
    ballot = count_votes(voters("abbaa"), "a")
    assert (ballot.settled, ballot.decided, ballot.late_tokens) == (5, 5, 0)


def test_an_answer_that_does_not_lead_by_head_is_never_settled() -> None:
    ballot = count_votes(voters("abb"), "a")
    assert (ballot.settled, ballot.decided, ballot.late_tokens) == (None, None, 0)
    tied = count_votes(voters("ab"), "a")
    assert (tied.settled, tied.decided) == (None, None)


def test_no_answer_settles_nothing() -> None:
    assert count_votes([], None).settled is None
    assert count_votes(voters("ab"), None).decided is None


def test_a_beginning_that_a_whole_answer_shares_is_not_lost() -> None:
    steps = {
        "r": Stretch(parent_key=None, n_tokens=5),
        "r.0": Stretch(parent_key="r", n_tokens=7),
        "r.1": Stretch(parent_key="r", n_tokens=11),
        "live": Stretch(parent_key="r", n_tokens=13),
    }
    ended = [
        branch("a", leaf_step_key="r.0"),
        branch("b", None, leaf_step_key="r.1", ending="pruned"),
    ]
    assert cut_tokens(steps, ended) == 11 + 13


def test_a_cut_sample_whose_steps_were_not_counted_is_lost_whole() -> None:
    steps = {"x": Stretch(parent_key=None, n_tokens=None)}
    cut = branch("c", None, leaf_step_key="x", ending="length", n_tokens=90)
    assert cut_tokens(steps, [cut, branch("a"), branch("d", None, ending="empty")]) == 100


def test_the_sums_of_a_run() -> None:
    found = [
        branch("pilot-0", "41", origin="pilot", score=0.9),
        branch("pilot-1", "42", origin="pilot", score=0.5),
        branch("search-0", "42", score=0.6),
        branch("gone", None, ending="pruned"),
        branch("revision-0", "42", origin="revision", parent_key="pilot-0"),
        branch("revision-1", "42", origin="revision", parent_key="search-0"),
    ]
    assert tally({}, found, chosen="search-0", first_winner="pilot-0") == {
        "steps": 0,
        "candidates": 6,
        "whole": 5,
        "pruned": 1,
        "cut_tokens": 10,
        "answer_key": "42",
        "winner_score": 0.6,
        "verifier_agrees": False,
        "pilot_samples": 2,
        "pilot_agreeing": 1,
        "votes": 5,
        "settled_votes": 3,
        "decided_votes": 4,
        "late_tokens": 10,
        "revisions": 2,
        "revisions_changed": 1,
        "first_answer_key": "41",
    }


def test_a_run_without_branches_sums_to_nothing() -> None:
    sums = tally({}, [], chosen=None, first_winner=None)
    assert (sums["candidates"], sums["answer_key"], sums["verifier_agrees"]) == (0, None, None)
