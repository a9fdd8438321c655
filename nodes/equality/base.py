"""What the rest of the package asks about answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ..values import Kind


class Equality(Protocol):
    """Gives equal answers equal keys. Implementation: `keys.py`."""

    async def keys(self, answers: Sequence[str], kind: Kind) -> list[str | None]:
        """Return one key an answer, in their order; None for an answer that takes no part in a vote."""
        ...


@runtime_checkable
class Finder(Protocol):
    """An equality for one question that says itself what an answer to it is: `asked.py`."""

    def find(self, text: str) -> str | None:
        """Return the answer in `text`; None where there is none."""
        ...
