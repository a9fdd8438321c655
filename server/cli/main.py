"""`forethought`: the command line, put together."""

from __future__ import annotations

import typer

from ..backend.command import backend_app
from .ask import ask
from .batch import batch
from .db import db_app
from .demo import demo
from .doctor import doctor
from .evaluate import evaluation
from .exchange import exchange
from .keys import keys_app
from .mcp import mcp
from .policy import policy_app
from .replay import replay
from .report import report
from .serve import serve
from .traces import traces_app

app = typer.Typer(
    help="Small local models that think before answering.",
    no_args_is_help=True,
    add_completion=False,
)
app.command()(serve)
app.command()(mcp)
app.command()(ask)
app.command()(demo)
app.command()(doctor)
app.command()(replay)
app.command("eval")(evaluation)
app.command()(batch)
app.command()(exchange)
app.command()(report)
app.add_typer(backend_app, name="backend")
app.add_typer(policy_app, name="policy")
app.add_typer(traces_app, name="traces")
app.add_typer(keys_app, name="keys")
app.add_typer(db_app, name="db")
