from forethought.server.pages.revisions import chains_of
from forethought.server.pages.votes import MOST, votes_of
from made_details import detail, ended, verdict, vote


def test_the_last_vote_comes_first_with_shares_of_its_weight() -> None:
    last, first = votes_of(
        detail(
            verdicts=(verdict(0, "a"), verdict(1, "b")),
            votes=(
                vote(0, 0, "41", 2.0, "a"),
                vote(1, 0, "42", 3.0, "b", "c"),
                vote(1, 1, "41", 1.0, "a"),
            ),
        )
    )
    assert (last.number, last.of, first.number) == (2, 2, 1)
    assert [(bar.answer, bar.share, bar.wins) for bar in last.bars] == [
        ("42", 0.75, True),
        ("41", 0.25, False),
    ]


def test_a_vote_of_no_weight_has_no_shares_and_a_long_one_is_summed_up() -> None:
    (empty,) = votes_of(detail(verdicts=(verdict(0, "a"),), votes=(vote(0, 0, "42", 0.0, "a"),)))
    many = tuple(vote(0, k, str(k), 1.0, f"m{k}") for k in range(MOST + 4))
    (long,) = votes_of(detail(verdicts=(verdict(0, "m0"),), votes=many))
    assert empty.bars[0].share is None
    assert (len(long.bars), long.rest, long.rest_share) == (MOST, 4, 4 / (MOST + 4))


def test_revisions_are_paired_with_what_they_revise_chain_by_chain() -> None:
    made = detail(
        candidates=(
            ended("p0", None, origin="pilot", answer="41", text="It is 41."),
            ended("p1", None, origin="pilot"),
            ended("r0.1", None, origin="revision", parent="p0"),
            ended("r1.1", None, origin="revision", parent="p1", answer=None),
            ended("r0.2", None, origin="revision", parent="r0.1"),
            ended("lost", None, origin="revision", parent="gone"),
        ),
        candidate_key="r0.2",
    )
    first, second = chains_of(made).chains
    assert [(p.before.key, p.after.key, p.same_answer, p.chosen) for p in first.pairs] == [
        ("p0", "r0.1", False, False),
        ("r0.1", "r0.2", True, True),
    ]
    assert first.seed.key == "p0"
    assert [pair.same_answer for pair in second.pairs] == [None]
    assert [piece.text for piece in first.pairs[0].texts.after if piece.changed] == ["42"]
