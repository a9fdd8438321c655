"""Everything an operator can set. Read once, from the environment; nothing else reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ..nodes.budget import Effort
from ..nodes.verifiers.registry import VerifierFormat
from .keys import KeysWanted
from .log_words import LogFormat, LogLevel
from .other_sites import listed_origins

DEFAULT_GENERATOR_URL = "http://127.0.0.1:8100/v1"
DEFAULT_VERIFIER_URL = "http://127.0.0.1:8101/v1"


def _checked_origins(names: str) -> str:
    listed_origins(names)
    return names


class Settings(BaseSettings):
    """Settings; each is the environment variable of its name in capitals after `FORETHOUGHT_`."""

    model_config = SettingsConfigDict(env_prefix="FORETHOUGHT_", frozen=True, extra="ignore")

    generator_url: str = Field(
        default=DEFAULT_GENERATOR_URL,
        description="Base URL of the generator, ending in /v1; several of the same model are "
        "separated by commas.",
    )
    generator_model: str | None = Field(
        default=None, description="Model to ask it for; by default the first one it serves."
    )
    generator_api_key: str | None = Field(
        default=None, description="Key for the generator, if it wants one."
    )
    verifier_url: str | None = Field(
        default=None,
        description="Base URL of a vLLM pooling server with a process reward model, or several, "
        "separated by commas. By default "
        f"{DEFAULT_VERIFIER_URL} is used when something answers there; empty is none.",
    )
    verifier_model: str | None = Field(
        default=None, description="Model to ask it for; by default the first one it serves."
    )
    verifier_format: VerifierFormat | Literal["auto"] = Field(
        default="qwen-prm",
        description="What it is: qwen-prm, math-shepherd, step-head or last-head score steps; "
        "outcome scores whole solutions; chat-prm and judge are chat models, judge being the "
        "generator itself where no verifier URL is set; auto asks a pooling server.",
    )
    verifier_api_key: str | None = Field(
        default=None, description="Key for the verifier, if it wants one."
    )
    larger_url: str | None = Field(
        default=None,
        description="Base URL of a larger model that the hardest questions go to, or several, "
        "separated by commas; none by default.",
    )
    larger_model: str | None = Field(
        default=None, description="Model to ask it for; by default the first one it serves."
    )
    larger_api_key: str | None = Field(default=None, description="Key for it, if it wants one.")
    larger_price: int = Field(
        default=4,
        ge=1,
        description="Generations that one of its answers counts for: about the ratio of the sizes.",
    )
    database_url: str | None = Field(
        default=None, description="Trace database; by default SQLite in the user's data folder."
    )
    journal_dir: Path | None = Field(
        default=None,
        description="Folder where rows of traces wait for the database; by default beside a SQLite "
        "file, and in the user's data folder for PostgreSQL. Not to be lost with the process.",
    )
    journal_mb: int = Field(
        default=1024,
        ge=1,
        description="Megabytes that may wait there; past it rows are dropped, which the log tells.",
    )
    host: str = Field(default="127.0.0.1", description="Address the server binds to.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port the server binds to.")
    workers: int = Field(
        default=1,
        ge=1,
        description="Processes that serve on this machine, on one port and one database.",
    )
    mcp_hosts: str = Field(
        default="",
        description="Names, separated by commas, that MCP clients and, where keys are off, browsers "
        "and clients of a server on loopback reach it by, besides loopback and `host`; with a port, or "
        "without for any. Needed behind a proxy that passes on the Host header.",
    )
    mcp_origins: str = Field(
        default="",
        description="Origins, separated by commas, of other sites' pages that may call /mcp.",
    )
    cors_origins: Annotated[str, AfterValidator(_checked_origins)] = Field(
        default="",
        description="Origins, separated by commas, of other sites' pages that may call /v1 from the "
        "browser; none by default.",
    )
    keys: KeysWanted = Field(
        default="auto",
        description="Whether requests need an API key: auto asks for one wherever the address is "
        "not a loopback one; required and off are always so.",
    )
    ui: bool = Field(
        default=True, description="Whether the pages for people are served, at /ui (docs/pages.md)."
    )
    max_running: int = Field(
        default=64, ge=1, description="Runs that go on at once, over all workers together."
    )
    max_waiting: int = Field(
        default=256, ge=0, description="Runs that wait for their turn; past it 503 is answered."
    )
    max_messages: int = Field(default=1000, ge=1, description="Messages of one conversation.")
    max_characters: int = Field(
        default=1_000_000,
        ge=1,
        description="Characters of one conversation, all messages together.",
    )
    max_n: int = Field(default=16, ge=1, description="Different answers to one request.")
    grace_s: float = Field(
        default=30,
        ge=0,
        allow_inf_nan=False,
        description="Seconds that running answers have left when the server is told to stop.",
    )
    effort: Effort = Field(default="medium", description="Effort of requests that name none.")
    mean_generations: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="Mean of generations a question, pilot included, that the active policy is held "
        "to by the price of one; none by default. It takes a policy with a controller.",
    )
    pilot: int = Field(
        default=4,
        ge=1,
        description="Samples drawn before planning, where the active policy does not say.",
    )
    temperature: float = Field(
        default=0.8, ge=0, le=2, description="Of samples, where the caller says none."
    )
    top_p: float = Field(
        default=0.95, gt=0, le=1, description="Of samples, where the caller says none."
    )
    max_answer_tokens: int = Field(
        default=1024,
        ge=1,
        description="Most tokens of one whole answer, where the caller says none.",
    )
    upstream_timeout_s: float = Field(
        default=600, gt=0, description="Seconds a model server may take."
    )
    upstream_probe_s: float = Field(
        default=5,
        gt=0,
        allow_inf_nan=False,
        description="Seconds between two probes of a model server, where a role has several.",
    )
    hedging: bool = Field(
        default=True,
        description="Whether a request that takes much longer than its like is asked a second time, "
        "of another server of its role that is idle.",
    )
    otel: bool = Field(
        default=False,
        description="Whether spans of runs, nodes and calls are sent by OTLP over HTTP to where the "
        "standard OTEL_* variables say; takes the extra otel.",
    )
    otel_content: bool = Field(
        default=False, description="Whether spans carry the texts of questions and answers."
    )
    metrics_dir: Path | None = Field(
        default=None,
        description="Empty folder in which several workers keep their counts for each other, so that "
        "/metrics of any tells of all; by default a temporary one.",
    )
    log_format: LogFormat = Field(
        default="text", description="Form of the log on stderr: text, or json, an object a line."
    )
    log_level: LogLevel = Field(
        default="warning",
        description="What is logged from: debug, info (with a line for every HTTP request), warning "
        "or error.",
    )
    cache_dir: Path | None = Field(
        default=None, description="Where `backend up` keeps environments, models and logs."
    )
