"""`forethought policy simulate`: rehearses a stored policy on recorded samples before it serves."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ...nodes.algorithms.best_of_n import BestOfN
from ...nodes.learning.rehearse import (
    Rehearsed,
    Stage,
    difficulties,
    is_strange,
    rehearse,
    serve_policy,
    stage_for,
)
from ...nodes.policy.base import Plan, Policy, Situation
from ...nodes.policy.document import PolicyDocument
from ...nodes.policy.fitted import FittedPolicy
from ...nodes.replay.pool import Pool
from ...storage.policies import pick_policy
from ...storage.store import Store
from ..replay_files import read_pool
from .db import Database
from .failing import one_sentence
from .policy_fit import DOUBLINGS, Orders
from .policy_study import points, share
from .pool_files import Draws, KindOfAnswers, Pools, RecordedKeys, Seed, new_progress, readings_of

BEST_OF_N = "best-of-N weighted"


class _BestOfN:
    """What every policy must not lose to."""

    def choose(self, situation: Situation) -> Plan:
        """Return best-of-N with all the room, at once."""
        strategy = BestOfN(n=situation.room)
        why = "the yardstick"
        return Plan(strategy=strategy, policy=BEST_OF_N, why=why, difficulty=situation.difficulty)


def simulate(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The policy to rehearse.")],
    pools: Pools,
    against: Annotated[
        str | None,
        typer.Option(
            help="Another stored policy, or 'best-of-n'; by default the one that serves such runs,"
            " and best-of-N weighted where that is the built-in one.",
            show_default=False,
        ),
    ] = None,
    budgets: Annotated[
        list[int] | None,
        typer.Option(
            "--budget", min=5, help="Generations at most; repeatable.", show_default=False
        ),
    ] = None,
    kind: KindOfAnswers = "math",
    orders: Orders = 32,
    draws: Draws = 2000,
    seed: Seed = 0,
    recorded_keys: RecordedKeys = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write it as JSON.", show_default=False)
    ] = None,
    database: Database = None,
) -> None:
    """Rehearse REF on recorded samples: gains and losses beside what serves now, with their errors."""
    console = Console()
    with one_sentence():
        ours, theirs = asyncio.run(_documents(reference, against, database))
        pilot = ours.difficulty.pilot if ours.difficulty else 4
        document = []
        for pool in map(read_pool, pools):
            with new_progress() as progress:
                readings = readings_of(pool, kind, progress, recorded_keys=recorded_keys)
                stage = stage_for(readings, kind=kind, pilot=pilot, orders=orders, seed=seed)
                wanted = budgets or [n for n in DOUBLINGS if pilot < n <= pool.size]
                if max(wanted) > pool.size:
                    raise typer.BadParameter(f"{pool.name} has {pool.size} samples of a question")
                rows = _rehearsals(stage, ours, theirs, wanted, draws)
                strange = is_strange(stage, difficulties(stage, ours.difficulty), ours.familiar)
            console.print(_render(pool, ours, theirs, rows))
            known = {fitted.sha256 for fitted in ours.fitted_on}
            if pool.sha256 in known:
                console.print("It was fitted on these very samples: expect less on others.")
            if strange:
                console.print("The drift guard would step back here, to best-of-N weighted.")
            document.append(
                {"pool": pool.name, "strange": strange, "rows": [asdict(row) for row in rows]}
            )
    if json_file:
        json_file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


async def _documents(
    reference: str, against: str | None, database: str | None
) -> tuple[PolicyDocument, PolicyDocument | None]:
    """Return both policies; None stands for best-of-N weighted."""
    store = await Store.open(database)
    try:
        ours = (await store.read_policy(reference)).document
        if against == "best-of-n":
            return ours, None
        if against is not None:
            return ours, (await store.read_policy(against)).document
        scope = ours.scope
        active = pick_policy(
            await store.active_policies(), scope.kind or "math", scope.model or "", scope.verifier
        )
        return ours, active.document if active else None
    finally:
        await store.close()


def _rehearsals(
    stage: Stage,
    ours: PolicyDocument,
    theirs: PolicyDocument | None,
    budgets: list[int],
    draws: int,
) -> list[Rehearsed]:
    models = [document.difficulty if document else None for document in (ours, theirs)]
    known = [difficulties(stage, model) for model in models]
    rows = []
    for budget in budgets:
        mine = serve_policy(stage, _policy(ours), known[0], budget)
        other, _ = serve_policy(stage, _policy(theirs), known[1], budget)
        rows.append(rehearse(stage, budget, mine, other, draws=draws))
    return rows


def _policy(document: PolicyDocument | None) -> Policy:
    return FittedPolicy(document=document, reference=document.name) if document else _BestOfN()


def _render(
    pool: Pool, ours: PolicyDocument, theirs: PolicyDocument | None, rows: list[Rehearsed]
) -> Table:
    other = theirs.name if theirs else BEST_OF_N
    table = Table(
        title=f"{ours.name} beside {other} on {pool.name}, {len(pool.questions)} questions (95%)",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for column in (
        "budget", "accuracy", "other", "points", "error", "gained", "lost",
        "generations", "generated tokens", "with the verifier's", "strategies",
    ):  # fmt: skip
        table.add_column(column, no_wrap=column != "strategies")
    for row in rows:
        strategies = ", ".join(f"{name} {part:.0%}" for name, part in row.strategies.items())
        table.add_row(
            str(row.budget),
            f"{row.ours.accuracy:.1%}",
            f"{row.theirs.accuracy:.1%}",
            points(row.versus.difference),
            f"{row.versus.error * 100:.1f}",
            str(row.gained),
            str(row.lost),
            f"{row.ours.generations:.1f}",
            share(row.versus.ratio["tokens"]),
            share(row.versus.ratio["all_tokens"]),
            strategies,
        )
    return table
