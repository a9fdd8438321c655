"""What the trace of a response remembers in its face, beside which face asked.

A trace has no column of its own for these two, and both decide what a later request may do with it:
instructions are not carried over to the next response, and one that is not to be stored cannot be
read back or continued. The trace itself is kept either way; it is the operator's.
"""

from __future__ import annotations

PLAIN = "responses"
INSTRUCTED = "responses_instructed"
"""Its first message is its instructions."""
UNSTORED = "responses_unstored"


def face_of(*, store: bool, instructed: bool) -> str:
    """Return the face of a request."""
    if not store:
        return UNSTORED
    return INSTRUCTED if instructed else PLAIN


def is_stored(face: str) -> bool:
    """Say whether a trace of this face can be read back as a response."""
    return face in (PLAIN, INSTRUCTED)


def is_instructed(face: str) -> bool:
    """Say whether the first message of a trace of this face is its instructions."""
    return face == INSTRUCTED
