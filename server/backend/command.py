"""`forethought backend`: get model servers running and keep them until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from .base import Report
from .errors import BackendSetupError
from .folders import default_cache
from .machine import Machine
from .models import CARRIED, DEFAULT_MODEL
from .options import SHIPPED_VERIFIER, BackendOptions, BackendUrls
from .report import RichReport
from .up import backend_up

backend_app = typer.Typer(
    name="backend", help="Run the model servers that forethought thinks with.", no_args_is_help=True
)


@backend_app.callback()
def _backend() -> None:
    """Run the model servers that forethought thinks with."""


@backend_app.command()
def up(
    model: Annotated[
        str,
        typer.Option(
            help=f"One of {', '.join(CARRIED)}, a local folder, or owner/name on the hub."
        ),
    ] = DEFAULT_MODEL,
    prm: Annotated[
        bool, typer.Option("--prm/--no-prm", help="Start a process reward model too.")
    ] = False,
    prm_model: Annotated[
        str | None,
        typer.Option(
            help="A folder or hub name instead of the process reward model that comes with "
            f"forethought and fits {DEFAULT_MODEL}; implies --prm."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the generator.")] = 8100,
    prm_port: Annotated[int, typer.Option(help="Port of the process reward model.")] = 8101,
    max_model_len: Annotated[
        int, typer.Option(min=128, help="Tokens of prompt and completion together.")
    ] = 4096,
    kv_cache_gib: Annotated[
        int, typer.Option(min=1, help="Memory of the generator's cache on CPU, in GiB.")
    ] = 4,
    served_model_name: Annotated[
        str | None, typer.Option(help="Name clients ask for; by default that of the model.")
    ] = None,
    eager: Annotated[
        bool | None,
        typer.Option(
            "--eager/--no-eager",
            help="Start sooner and decode slower; by default on CPU only.",
            show_default=False,
        ),
    ] = None,
    timeout_s: Annotated[
        float, typer.Option(min=1.0, help="Seconds a server may take to become ready.")
    ] = 900.0,
    cache_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="FORETHOUGHT_CACHE_DIR",
            help="Where environments and models are kept; by default the user's cache folder.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Install vLLM where it is missing, get the model, and serve until Ctrl-C."""
    options = BackendOptions(
        cache=(cache_dir or default_cache()).expanduser().resolve(),
        model=model,
        verifier=prm_model or (SHIPPED_VERIFIER if prm else None),
        host=host,
        port=port,
        verifier_port=prm_port,
        max_model_len=max_model_len,
        kv_cache_gib=kv_cache_gib,
        served_model_name=served_model_name,
        eager=eager,
        timeout_s=timeout_s,
    )
    try:
        asyncio.run(serve_until_stopped(options, RichReport()))
    except BackendSetupError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None


async def serve_until_stopped(
    options: BackendOptions, report: Report, machine: Machine | None = None
) -> None:
    """Keep the servers up until SIGINT or SIGTERM.

    Raises:
        BackendSetupError: They could not be had, or one ended by itself.
    """
    loop = asyncio.get_running_loop()
    died: asyncio.Future[str] = loop.create_future()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def on_death(sentence: str) -> None:
        if not died.done():
            died.set_result(sentence)

    async def serve() -> None:
        async with backend_up(options, report, on_death=on_death, machine=machine) as urls:
            _print(urls)
            raise BackendSetupError(await died)

    serving = asyncio.create_task(serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if serving.done():
        serving.result()
        return
    report.say("Stopping")
    serving.cancel()
    await asyncio.wait({serving})


def _print(urls: BackendUrls) -> None:
    typer.echo(f"generator {urls.generator_model}: {urls.generator_url}")
    if urls.verifier_url is not None:
        typer.echo(f"verifier {urls.verifier_model}: {urls.verifier_url}")
    typer.echo("Ctrl-C stops what was started here.")
