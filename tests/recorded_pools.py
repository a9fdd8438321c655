"""Small pools made by hand."""

from collections.abc import Sequence

from forethought.nodes.replay.ballots import Ballots, ballots_of
from forethought.nodes.replay.pool import Pool, PoolQuestion, Sample
from forethought.nodes.replay.reading import recorded


def sample(
    answer: str | None,
    *scores: float,
    gold: str = "1",
    whole: bool = True,
    n_tokens: int = 10,
    step_logprobs: Sequence[float] = (-0.5,),
) -> Sample:
    """Return a sample that states `answer`, which is its key; without scores it was not scored."""
    return Sample(
        text="Hm." if answer is None else f"So it is \\boxed{{{answer}}}",
        whole=whole,
        n_tokens=n_tokens,
        scores=scores or None,
        step_tokens=(4,) * len(scores) or None,
        logprob=sum(step_logprobs) / len(step_logprobs),
        step_logprobs=tuple(step_logprobs),
        answer=answer,
        key=answer,
        right=answer == gold,
    )


def question(
    *samples: Sample, id: str = "q", gold: str = "1", level: int | None = None
) -> PoolQuestion:
    """Return a question with these samples."""
    return PoolQuestion(
        id=id,
        text="How much?",
        gold=gold,
        gold_key=gold,
        fold=0,
        level=level,
        subject=None,
        samples=samples,
        greedy=sample(gold, gold=gold),
    )


def pool(*questions: PoolQuestion) -> Pool:
    """Return a pool of these."""
    return Pool(name="by hand", questions=questions, sha256="00" * 32)


def ballots(*samples: Sample, cut_votes: bool = False) -> Ballots:
    """Return the recorded votes of one question."""
    return ballots_of(recorded([question(*samples)], cut_votes=cut_votes)[0])
