"""`forethought policy`, put together: records, and what fits, searches and rehearses them."""

from __future__ import annotations

from .policy_fit import fit
from .policy_pool import pool_command
from .policy_pool_graded import pool_graded_command
from .policy_records import policy_app
from .policy_search import search
from .policy_simulate import simulate

policy_app.command("fit")(fit)
policy_app.command("search")(search)
policy_app.command("simulate")(simulate)
policy_app.command("pool")(pool_command)
policy_app.command("pool-graded")(pool_graded_command)

__all__ = ["policy_app"]
