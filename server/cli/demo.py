"""`forethought demo`: the whole service once, on real models, with nothing set up before.

Starts the model servers that are missing and a Forethought server, asks one question of GSM8K
through the `openai` client, shows the thinking and the answer as they stream, then the stored trace
and the SQL to see it again, and stops what it started.
"""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated, Any

import openai
import typer
from rich.console import Console

from ...storage.store import Store
from ..app import create_app
from ..backend.folders import default_cache
from ..backend.models import DEFAULT_MODEL
from ..backend.options import SHIPPED_VERIFIER, BackendOptions, BackendUrls
from ..backend.report import RichReport
from ..backend.up import backend_up
from ..local_engine import open_engine
from ..serving import served
from ..settings import Settings
from .failing import one_sentence, read_settings
from .trace_tree import render_sql, render_trace

QUESTION = (
    "Janet's ducks lay 16 eggs per day. She eats three for breakfast every morning and bakes "
    "muffins for her friends every day with four. She sells the remainder at the farmers' market "
    "daily for $2 per fresh duck egg. How much in dollars does she make every day at the farmers' "
    "market?"
)
"""The first question of GSM8K's test set (MIT licence); the answer is 18."""
ANSWER_TOKENS = 400
"""Most of one answer: a small model that runs on and on costs a CPU 20 s for 400 tokens."""


def demo(
    question: Annotated[str, typer.Argument(help="What to ask.", show_default=False)] = QUESTION,
    max_generations: Annotated[
        int, typer.Option(min=0, help="Whole answers to sample at most; 16 is effort medium.")
    ] = 12,
    model: Annotated[
        str, typer.Option(help="Short name, local folder or hub name of the generator.")
    ] = DEFAULT_MODEL,
) -> None:
    """Run the whole service once: real models, a streamed answer, its trace. Nothing is needed."""
    settings = read_settings()
    options = BackendOptions(
        cache=settings.cache_dir or default_cache(),
        model=model,
        verifier=SHIPPED_VERIFIER if model == DEFAULT_MODEL else None,
    )
    with one_sentence():
        asyncio.run(_until_stopped(_demo(settings, options, question, max_generations)))


async def _until_stopped(work: Any) -> None:
    """Run `work`; SIGTERM ends it as Ctrl-C does, so that what it started is stopped."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


async def _demo(
    settings: Settings, options: BackendOptions, question: str, max_generations: int
) -> None:
    console = Console()
    async with (
        backend_up(options, RichReport()) as urls,
        open_engine(_over(settings, urls)) as engine,
        served(create_app(engine), "127.0.0.1", 0) as url,
    ):
        console.rule(f"{urls.generator_model} at {url}/v1")
        console.print(question, markup=False)
        trace_id = await _ask(console, f"{url}/v1", question, max_generations)
    store = await Store.open(settings.database_url)
    try:
        detail = await store.read_trace(trace_id)
    finally:
        await store.close()
    console.rule("the trace, read back from SQL")
    console.print(render_trace(detail))
    console.print(render_sql(trace_id), soft_wrap=True)


def _over(settings: Settings, urls: BackendUrls) -> Settings:
    """Return the settings with the demo's own model servers and short answers."""
    return settings.model_copy(
        update={
            "generator_url": urls.generator_url,
            "generator_model": urls.generator_model,
            "verifier_url": urls.verifier_url,
            "verifier_model": urls.verifier_model,
            "max_answer_tokens": ANSWER_TOKENS,
        }
    )


async def _ask(console: Console, base_url: str, question: str, max_generations: int) -> str:
    """Stream the reply to the console and return its trace."""
    client = openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0, timeout=1800)
    raw = await client.chat.completions.with_raw_response.create(
        model="forethought",
        messages=[{"role": "user", "content": question}],
        extra_body={"forethought": {"max_generations": max_generations}},
        stream=True,
        stream_options={"include_usage": True},
    )
    console.rule("thinking")
    answering = False
    async for chunk in raw.parse():
        for choice in chunk.choices:
            thought = (choice.delta.model_extra or {}).get("reasoning_content")
            if thought:
                console.print(thought, end="", style="dim", markup=False, highlight=False)
            if choice.delta.content:
                if not answering:
                    console.rule("answer")
                answering = True
                console.print(choice.delta.content, end="", markup=False, highlight=False)
        if chunk.usage is not None:
            details = chunk.usage.completion_tokens_details
            thinking = details.reasoning_tokens if details else 0
            console.print(
                f"\n\n{chunk.usage.completion_tokens} tokens generated, {thinking} of them thinking",
                style="dim",
            )
    await client.close()
    return str(raw.headers["x-forethought-trace-id"])
