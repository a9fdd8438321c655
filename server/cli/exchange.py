"""`forethought exchange`: test-time compute or a larger model, for the same compute."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ...nodes.curves import Curve
from ...nodes.exchange import inference_multiplier, offers_of
from .exchange_input import (
    ExchangeError,
    larger_of,
    policy_curves,
    ratio_of,
    read_count,
    read_curves,
)
from .exchange_table import table_of
from .failing import one_sentence, read_settings

WIDTH = 150
"""Columns of the table where the output is no terminal."""


def exchange(
    small: Annotated[
        float | None,
        typer.Option(
            parser=read_count,
            metavar="COUNT",
            help="Parameters of the small model, as 0.5B or 494M.",
            show_default=False,
        ),
    ] = None,
    large: Annotated[
        float | None,
        typer.Option(
            parser=read_count,
            metavar="COUNT",
            help="Parameters of the larger model.",
            show_default=False,
        ),
    ] = None,
    size_ratio: Annotated[
        float | None,
        typer.Option(help="M, the second over the first, instead of both.", show_default=False),
    ] = None,
    pretraining_tokens: Annotated[
        float | None,
        typer.Option(
            parser=read_count,
            metavar="COUNT",
            help="Tokens that either was trained on, as 18T.",
            show_default=False,
        ),
    ] = None,
    inference_tokens: Annotated[
        float | None,
        typer.Option(
            parser=read_count,
            metavar="COUNT",
            help="Tokens that are expected to be generated with one answer a question.",
            show_default=False,
        ),
    ] = None,
    token_ratio: Annotated[
        float | None,
        typer.Option(help="R, the second over the first, instead of both.", show_default=False),
    ] = None,
    curve: Annotated[
        Path | None,
        typer.Option(
            help='Accuracy of the small model: [{"level": 1, "curve": [[1, 0.3], [4, 0.4]]}].',
            show_default=False,
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="Stored policy that measured it, NAME or NAME@VERSION.", show_default=False
        ),
    ] = None,
    larger_accuracy: Annotated[
        str | None,
        typer.Option(
            help="Of the larger model's greedy answer: one number, or one a level as 0.9,0.7,0.4.",
            show_default=False,
        ),
    ] = None,
    verifier: Annotated[
        float | None,
        typer.Option(
            parser=read_count,
            metavar="COUNT",
            help="Parameters of the policy's verifier, whose tokens then count; needs --small.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say whether more test-time compute or a larger model is the better buy, by level."""
    with one_sentence():
        m = ratio_of(size_ratio, large, small, "--size-ratio, or --small and --large")
        tokens = "--token-ratio, or --pretraining-tokens and --inference-tokens"
        r = ratio_of(token_ratio, inference_tokens, pretraining_tokens, tokens)
        if verifier is not None and (small is None or policy is None):
            raise ExchangeError("--verifier needs --small and --policy")
        if curve is not None and policy is not None:
            raise ExchangeError("give --curve or --policy, not both")
        weight = verifier / small if verifier and small else 0.0
        curves: tuple[Curve, ...] = ()
        if curve is not None:
            curves = read_curves(curve)
        elif policy is not None:
            curves = policy_curves(read_settings(), policy, weight)
        try:
            granted = inference_multiplier(m, r)
            offers = offers_of(curves, granted, larger_of(larger_accuracy, curves))
        except ValueError as exc:
            raise ExchangeError(str(exc)) from exc
    if as_json:
        told = {"size_ratio": m, "token_ratio": r, "multiplier": granted, "verifier_weight": weight}
        typer.echo(json.dumps(told | {"offers": [asdict(offer) for offer in offers]}))
        return
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    console.print(
        f"For the compute of a model {m:g} times as large, with {r:g} times the pretraining tokens"
        f" inferred, the small model may multiply its inference by {granted:.1f}.",
        highlight=False,
    )
    if offers:
        console.print(table_of(offers, granted))
    if policy is not None and not weight:
        console.print("What a verifier reads is not counted; --verifier counts it.")
