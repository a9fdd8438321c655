"""Where the tokens of a call that was given up are told, so that they count.

A call that is cancelled returns nothing, and yet the server generated for it. Whoever counts listens
while it makes the call; whoever breaks a call off tells what had come by then. Only a stream shows
that: of a request that was to be answered whole, nobody knows. Tasks that a call starts inherit its
listeners.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..values import Usage

Hear = Callable[[Usage], None]
_LISTENERS: ContextVar[tuple[Hear, ...]] = ContextVar("forethought_abandoned", default=())


@contextmanager
def hearing_abandoned(hear: Hear) -> Iterator[None]:
    """Call `hear` with the usage of what is given up inside the block; outer listeners hear it too."""
    token = _LISTENERS.set((*_LISTENERS.get(), hear))
    try:
        yield
    finally:
        _LISTENERS.reset(token)


def tell_abandoned(usage: Usage) -> None:
    """Tell what was spent on something that nobody will get."""
    for hear in _LISTENERS.get():
        hear(usage)
