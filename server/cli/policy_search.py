"""`forethought policy search`: looks for a controller by replay alone, and tries it on unseen questions."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from ...nodes.learning.compare import placed, versus
from ...nodes.learning.controller_replay import replay_controller
from ...nodes.learning.courses import course_of, totals_for, whole_runs
from ...nodes.learning.halves import SEARCH_ORDERS
from ...nodes.learning.record import record_of
from ...nodes.learning.runs import outlay_of
from ...nodes.learning.search_controller import search_controller
from ..replay_files import read_pool
from .failing import one_sentence
from .policy_fit import DOUBLINGS, Orders, Pilot, Trend
from .policy_study import points, share
from .pool_files import Draws, KindOfAnswers, Pools, RecordedKeys, Seed, new_progress, readings_of

FINE = (4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256)


def search(
    pools: Pools,
    fold: Annotated[
        int, typer.Option(min=0, max=1, help="The half of the questions that it never sees.")
    ] = 0,
    candidates: Annotated[int, typer.Option(min=8, help="Tried in each generation.")] = 64,
    generations: Annotated[int, typer.Option(min=1, help="Of the search.")] = 2,
    trend: Trend = False,
    kind: KindOfAnswers = "math",
    pilot: Pilot = 4,
    orders: Orders = 32,
    draws: Draws = 2000,
    seed: Seed = 0,
    recorded_keys: RecordedKeys = False,
) -> None:
    """Search for the controller on one half of the questions of POOLs and try it on the other."""
    console = Console()
    with one_sentence(), new_progress() as progress:
        readings = [
            reading
            for path in pools
            for reading in readings_of(read_pool(path), kind, progress, recorded_keys=recorded_keys)
        ]
        quick = record_of(readings, orders=SEARCH_ORDERS, seed=seed + 1)
        whole = record_of(readings, orders=orders, seed=seed)
        unseen = whole.part(np.nonzero(whole.folds == fold)[0])
        task = progress.add_task("search", total=candidates * generations)
        found = search_controller(
            quick.part(np.nonzero(quick.folds != fold)[0]),
            pilot=pilot,
            seed=seed,
            trend=trend,
            candidates=candidates,
            elite=max(candidates // 5, 2),
            generations=generations,
            told=lambda tried: progress.update(task, completed=tried),
        )
    console.print(f"{found.candidates} candidates on {len(whole.ids) - len(unseen.ids)} questions:")
    console.print(json.dumps(asdict(found.rule)))
    console.print(f"there it saves {1 - 2**-found.worth:.0%} of all tokens at equal accuracy")
    budgets = [n for n in DOUBLINGS if pilot < n <= unseen.size]
    course = course_of(unseen, "weighted", totals_for(budgets, pilot))
    fine = [n for n in FINE if pilot <= n <= unseen.size]
    finely = course_of(unseen, "weighted", fine)
    curve = [whole_runs(finely, n, pilot=pilot) for n in fine]
    table = Table(
        title=f"On {len(unseen.ids)} questions it never saw, beside best-of-N weighted (95%)",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for column in ("N", "accuracy", "points", "all tokens", "at equal accuracy"):
        table.add_column(column, no_wrap=True)
    for n in budgets:
        ours = replay_controller(unseen, found.rule, 0.0, n=n, pilot=pilot)
        theirs = whole_runs(course, n, pilot=pilot)
        held = versus(ours, theirs, draws=draws, seed=seed)
        equal = placed(ours, curve, draws=draws, seed=seed)
        table.add_row(
            str(n),
            f"{outlay_of(ours).accuracy:.1%}",
            points(held.difference),
            share(held.ratio["all_tokens"]),
            share(equal["all_tokens"]),
        )
    console.print(table)
