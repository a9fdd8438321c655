"""Asks a running server what schemathesis makes of its OpenAPI document, with all of its checks.

Bodies are generated from the document: right ones have to be taken, wrong ones refused. A few rules cannot
be said in JSON schema (a message that a tool's result answers, a schema that is one); right bodies are
put right by these before they are sent, and nothing else of them is touched.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from openapi_rules import REPAIRS

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "positive_data_acceptance",
    "negative_data_rejection",
    "use_after_free",
    "ensure_resource_availability",
    "missing_required_header",
    "ignored_auth",
    "object_level_authorization",
    "unsupported_method",
    "allow_header_conformance",
)
PHASES = ("examples", "coverage", "fuzzing", "stateful")
PATIENCE_S = 300.0
"""For one reply: nothing is timed here, and the machine may be busy."""
Json = dict[str, Any]


@dataclass(slots=True)
class Found:
    """What came of it."""

    cases: int = 0
    """Requests that were made and checked."""
    statuses: Counter[int] = field(default_factory=Counter)
    by_operation: Counter[str] = field(default_factory=Counter)
    """By operation and status, as `GET /v1/models 200`."""
    checks: Counter[str] = field(default_factory=Counter)
    """How often each check was made."""
    problems: list[str] = field(default_factory=list)


def run_cases(
    url: str,
    *,
    secret: str,
    max_examples: int,
    seed: int,
    paths: str = "",
    ids: Mapping[str, str] | None = None,
) -> Found:
    """Make the cases, and return what was found.

    Args:
        url: Of a server that asks for keys.
        secret: A key that it takes.
        max_examples: Cases of an operation that are drawn at random, beside those at the edges of every
            field, which there are always.
        seed: Of these draws.
        paths: A pattern of the paths that are asked; empty is all.
        ids: By the name of a parameter in a path, something that is there: every other case that is
            meant to be right asks for it.
    """
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "request-timeout": PATIENCE_S,
            "generation": {"max-examples": max_examples, "database": "none"},
            "auth": {"openapi": {"key": {"bearer": secret}}},
            "checks": {name: {"enabled": True} for name in CHECKS},
            "phases": {name: {"enabled": True} for name in PHASES},
        }
    )
    headers = {"Authorization": f"Bearer {secret}"}
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config, headers=headers)
    chosen = schema.include(path_regex=paths) if paths else schema
    schema.hook("map_case")(_putting_right(ids or {}))
    found = Found()
    for event in from_schema(chosen).execute():
        if isinstance(event, events.ScenarioFinished):
            _count(found, event)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.problems.append(f"error: {event}")
    return found


def _count(found: Found, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    for case_id, interaction in recorder.interactions.items():
        found.cases += 1
        if interaction.response is not None:
            status = interaction.response.status_code
            found.statuses[status] += 1
            found.by_operation[f"{recorder.cases[case_id].value.operation.label} {status}"] += 1
        for check in recorder.checks.get(case_id, ()):
            found.checks[check.name] += 1
            if check.failure_info is not None:
                failure, said = check.failure_info.failure, interaction.response
                found.problems.append(
                    f"{check.name}: {event.label}: {failure.title}: {failure.message}\n"
                    f"{'' if said is None else said.text[:500]}\n{check.failure_info.code_sample}"
                )


def _putting_right(ids: Mapping[str, str]) -> Callable[[Any, Any], Any]:
    """Return a hook that keeps the rules which JSON schema cannot say, in cases meant to be right."""
    turns: Counter[str] = Counter()

    def put_right(context: Any, case: Any) -> Any:  # schemathesis's own types
        if case.meta is not None and not case.meta.generation.mode.is_positive:
            return case
        repair = REPAIRS.get(case.operation.label)
        if repair is not None and isinstance(case.body, dict):
            case.body = copy.deepcopy(case.body)  # schemathesis makes other cases of the same parts
            repair(case.body)
        if case.headers and "Idempotency-Key" in case.headers:  # one goes with one body
            case.headers["Idempotency-Key"] = f"{turns.total()} {case.headers['Idempotency-Key']}"[
                :255
            ]
        known = {name: ids[name] for name in case.path_parameters or () if name in ids}
        turns[case.operation.label] += 1
        if known and case.method != "DELETE" and turns[case.operation.label] % 2:
            case.path_parameters = {**case.path_parameters, **known}
        return case

    return put_right
