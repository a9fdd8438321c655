"""A stored trace in words, for a model to read: what was asked, tried, found and decided.

Bounded: each text is cut to an excerpt, and of each list only the first few are named, with how many
there were. `forethought traces show` draws the whole tree.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...storage.views import CandidateView, TraceDetail, VoteView
from .progress import excerpt

QUESTION_CHARACTERS = 1_000
REPLY_CHARACTERS = 4_000
LINE_CHARACTERS = 300
CANDIDATES = 20
GROUPS = 10
PLANS = 5
FAULTS = 10


def words_of(detail: TraceDetail) -> str:
    """Return the trace, a paragraph a stage."""
    return "\n".join(
        [*_asked(detail), *_tried(detail), *_found(detail), *_voted(detail), *_ended(detail)]
    )


def last_vote(detail: TraceDetail) -> list[VoteView]:
    """Return the groups of the last verdict, heaviest first; empty where there was none."""
    if not detail.verdicts:
        return []
    last = detail.verdicts[-1].seq
    return [vote for vote in detail.votes if vote.verdict_seq == last]


def _asked(detail: TraceDetail) -> Iterator[str]:
    trace = detail.trace
    yield f"Trace {trace.id}: {trace.status}, asked {trace.created_at:%Y-%m-%d %H:%M:%S} UTC."
    if trace.texts == "kept":
        yield f"Question: {excerpt(trace.question, QUESTION_CHARACTERS)}"
    else:
        yield "The texts of this run are not kept."
    verified = f", verified by {trace.verifier_model}" if trace.verifier_model else ""
    yield (
        f"Model: {trace.model}{verified}; effort {trace.effort}, at most {trace.max_generations} "
        f"generations; answer of kind {trace.kind}."
    )


def _tried(detail: TraceDetail) -> Iterator[str]:
    trace = detail.trace
    if trace.difficulty_probability is not None:
        yield (
            f"Difficulty: level {trace.difficulty_level} of 5; about "
            f"{trace.difficulty_probability:.2f} that one sample is right."
        )
    for plan in trace.plans[-PLANS:]:
        name = str(plan["strategy"]).replace("_", " ")
        yield excerpt(f"Plan: {name}, by {plan['policy']}: {plan['why']}", LINE_CHARACTERS)


def _found(detail: TraceDetail) -> Iterator[str]:
    found = detail.candidates
    if found:
        whole = sum(candidate.ending == "whole" for candidate in found)
        yield f"Answers found: {len(found)}, {whole} of them whole."
    chosen = detail.trace.candidate_key
    first = sorted(found, key=lambda candidate: candidate.key != chosen)[:CANDIDATES]
    for candidate in first:
        yield _candidate(candidate, chosen=candidate.key == chosen)
    if len(found) > len(first):
        yield f"- and {len(found) - len(first)} more"


def _candidate(candidate: CandidateView, *, chosen: bool) -> str:
    said = candidate.text if candidate.answer is None else candidate.answer
    notes = [candidate.origin]
    notes += ["chosen"] if chosen else []
    notes += [] if candidate.ending == "whole" else [candidate.ending]
    notes += [] if candidate.score is None else [f"score {candidate.score:.2f}"]
    notes += [] if candidate.parent_key is None else [f"revises {candidate.parent_key}"]
    return f"- {candidate.key} ({', '.join(notes)}): {excerpt(said, LINE_CHARACTERS)}"


def _voted(detail: TraceDetail) -> Iterator[str]:
    votes = last_vote(detail)
    total = sum(vote.weight for vote in votes)
    if votes and total > 0:
        yield f"Last of {len(detail.verdicts)} votes, by {detail.verdicts[-1].selection}:"
        for vote in votes[:GROUPS]:
            answer = excerpt(vote.answer, LINE_CHARACTERS)
            yield f"- {answer}: {vote.weight / total:.0%} of the weight, {len(vote.members)} equal"
        if len(votes) > GROUPS:
            yield f"- and {len(votes) - GROUPS} other answers"


def _ended(detail: TraceDetail) -> Iterator[str]:
    trace = detail.trace
    if trace.answer_text is not None:
        cut = "" if trace.whole else " (cut off)"
        yield f"Reply{cut}: {excerpt(trace.answer_text, REPLY_CHARACTERS)}"
        confidence = "" if trace.confidence is None else f", confidence {trace.confidence:.2f}"
        yield f"Stopped: {trace.stop_reason}{confidence}."
    if trace.completion_tokens is not None and trace.seconds is not None:
        yield (
            f"Spent: {trace.generations} generations, {trace.completion_tokens} tokens, "
            f"{trace.calls} calls, {trace.seconds:.1f} s."
        )
    for fault in trace.faults[:FAULTS]:
        yield f"Trouble: {excerpt(fault, LINE_CHARACTERS)}"
    if trace.error is not None:
        yield f"Failed: {excerpt(trace.error, LINE_CHARACTERS)}"
