"""`forethought policy fit`: learns a policy from recorded samples, and says what it saves."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ...nodes.learning.fit import fit_policy
from ...nodes.learning.graded import merge_options
from ...nodes.learning.halves import Plot
from ...nodes.learning.study import Study
from ...nodes.policy.document import FittedOn, PolicyDocument, Scope
from ...storage.policies import PolicyRecord
from ...storage.store import Store
from ..graded import graded_options
from ..replay_files import read_pool, write_text
from .db import Database
from .failing import one_sentence
from .policy_study import render_study
from .policy_table import HASH_SHOWN
from .pool_files import Draws, KindOfAnswers, Pools, RecordedKeys, Seed, new_progress, readings_of

DOUBLINGS = (8, 16, 32, 64, 128, 256)
Pilot = Annotated[int, typer.Option(min=1, help="Samples that a run draws before planning.")]
Orders = Annotated[int, typer.Option(min=1, help="Random orders of each question's samples.")]
Trend = Annotated[
    bool, typer.Option("--trend", help="Search the controller over the trend of the vote, too.")
]


def fit(
    pools: Pools,
    name: Annotated[str, typer.Option(help="What the policy is called; versions count up.")],
    kind: KindOfAnswers = "math",
    model: Annotated[
        str | None,
        typer.Option(help="Serve only runs of this generator.", show_default=False),
    ] = None,
    verifier: Annotated[
        str | None,
        typer.Option(help="Serve only runs with this verifier.", show_default=False),
    ] = None,
    evaluations: Annotated[
        list[str] | None,
        typer.Option(
            "--eval",
            help="A stored evaluation of one strategy: live runs that may beat the replayed ones.",
            show_default=False,
        ),
    ] = None,
    pilot: Pilot = 4,
    orders: Orders = 32,
    trend: Trend = False,
    draws: Draws = 2000,
    seed: Seed = 0,
    recorded_keys: RecordedKeys = False,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write what was measured, for `report`.", show_default=False),
    ] = None,
    save: Annotated[bool, typer.Option("--save/--no-save", help="Store the policy.")] = True,
    database: Database = None,
) -> None:
    """Fit a policy on POOLs: difficulty, a strategy by level and budget, and the controller."""
    console = Console()
    made = datetime.now(UTC).isoformat(timespec="seconds")
    with one_sentence():
        held = [read_pool(path) for path in pools]
        size = min(pool.size for pool in held)
        budgets = tuple(n for n in DOUBLINGS if pilot < n <= size)
        if not budgets:
            raise typer.BadParameter(f"a question has {size} samples; 8 are the least")
        plot = Plot(
            pilot=pilot, orders=orders, seed=seed, draws=draws, budgets=budgets, trend=trend
        )
        with new_progress() as progress:
            readings = [
                reading
                for pool in held
                for reading in readings_of(pool, kind, progress, recorded_keys=recorded_keys)
            ]
            task = progress.add_task("fit", total=None)
            study = fit_policy(
                held,
                readings,
                name=name,
                scope=Scope(kind=kind, model=model, verifier=verifier),
                made=made,
                plot=plot,
                told=lambda what: progress.update(task, description=what),
            )
        record = None
        if save or evaluations:
            study, record = asyncio.run(_with_live(study, evaluations or [], database, save=save))
        console.print(render_study(study))
        if json_file:
            write_text(json_file, study_json(study))
    if record is not None:
        typer.echo(f"Stored as {record.reference} ({record.hash[:HASH_SHOWN]}).")
        typer.echo(f"It serves after: forethought policy activate {record.reference}")


async def _with_live(
    study: Study, evaluations: list[str], database: str | None, *, save: bool
) -> tuple[Study, PolicyRecord | None]:
    """Return the study with what live runs add to its policy, and the policy as it was stored."""
    store = await Store.open(database)
    try:
        live = await graded_options(store, evaluations) if evaluations else []
        options = merge_options(study.policy.options, live)
        runs = [
            FittedOn(
                name=name, sha256=None, questions=len(await store.graded_runs(name)), samples=0
            )
            for name in evaluations
        ]
        policy: PolicyDocument = replace(
            study.policy, options=options, fitted_on=(*study.policy.fitted_on, *runs)
        )
        record = await store.save_policy(policy) if save else None
        return replace(study, policy=policy), record
    finally:
        await store.close()


def study_json(study: Study) -> str:
    """Return a study as JSON; what is no number is null."""
    return json.dumps(_plain(asdict(study)), ensure_ascii=False, indent=1) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
