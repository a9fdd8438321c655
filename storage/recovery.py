"""Writes what processes that ended early have left in their journals."""

from __future__ import annotations

import logging
from pathlib import Path

from .backlog import Backlog
from .journal import Journal
from .journal_folders import claim_abandoned, claim_new
from .refused import RefusedLog
from .writer import Begin, Writer

logger = logging.getLogger(__name__)

RECOVER_S = 60.0
"""What the database does not take of one journal by then is left for the next who looks."""
REFUSED = "refused.log"


def new_journal(journals: Path, *, max_bytes: int) -> Journal:
    """Return an empty journal in the folder.

    Raises:
        OSError: it cannot be made.
    """
    return Journal(claim_new(journals), max_bytes=max_bytes)


async def recover(begin: Begin, journals: Path) -> None:
    """Write the rows of every journal in the folder that nobody owns any more, oldest first."""
    for claim in claim_abandoned(journals):
        backlog = Backlog(Journal(claim))
        if rows := len(backlog):
            logger.warning(
                "%d rows of traces were left in %s: they are written", rows, claim.folder
            )
        writer = Writer(begin, backlog, refused=RefusedLog(journals / REFUSED))
        await writer.aclose(RECOVER_S)
