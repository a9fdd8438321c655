"""The table of what a run's branches add up to.

Derived: `tally.py` makes a row from the steps, candidates and verdicts of a run, once, when it ends.
It is what lets a question over all runs be answered without reading a million steps.
"""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from .schema import Base, of_trace


class Tally(Base):
    """What the branches of one run add up to. Votes are counted by head, whatever they weighed."""

    __tablename__ = "tally"

    trace_id: Mapped[str] = of_trace()
    steps: Mapped[int]
    """Steps, those that branches share once."""
    candidates: Mapped[int]
    whole: Mapped[int]
    """Candidates that are whole answers."""
    pruned: Mapped[int]
    """Candidates that the search gave up."""
    cut_tokens: Mapped[int]
    """Generated for branches that came to no whole answer; steps shared with one that did do not
    count."""
    answer_key: Mapped[str | None]
    """Of the chosen candidate; equal for equal answers."""
    winner_score: Mapped[float | None]
    """The verifier's score of the chosen candidate."""
    verifier_agrees: Mapped[bool | None]
    """The answer that the verifier scores highest is the chosen one; None where none is scored."""
    pilot_samples: Mapped[int]
    pilot_agreeing: Mapped[int]
    """Pilot samples with the chosen answer."""
    votes: Mapped[int]
    """Candidates that take part in a vote, in the order they were found."""
    settled_votes: Mapped[int | None]
    """The first so many votes after which the chosen answer led to the end: hindsight. None where it
    did not lead at the end."""
    decided_votes: Mapped[int | None]
    """The first so many votes after which the rest could not overturn the lead. None as above."""
    late_tokens: Mapped[int]
    """Generated for the votes after `decided_votes`."""
    revisions: Mapped[int]
    """Candidates that revise another."""
    revisions_changed: Mapped[int]
    """Those whose answer is not that of what they revise."""
    first_answer_key: Mapped[str | None]
    """Of the winner of the first verdict."""
