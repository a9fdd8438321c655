"""Whether JSON values are of a schema, and scores of solutions by it: 1 or 0, exact.

Validation runs in a worker that is killed when it takes too long, since a pattern of the schema may
never end, nor references that branch; a schema without either is checked at once. References are followed inside the schema alone: nothing is fetched. JSON Schema 2020-12, or
the draft that `$schema` names.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for
from referencing import Registry

from ..equality.blocks import last_json
from ..equality.keys import Pool
from ..values import Question, Usage
from .base import Granularity, Scored

_SLOW = ("$ref", "$dynamicRef", "$recursiveRef", "pattern", "if", "dependent", "unevaluated")
"""Beginnings of keywords by which a check may take longer than its value is long."""


class SchemaChecks:
    """Says whether values are of schemas, any number of both."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def fits(self, schema: str, value: str) -> bool:
        """Say whether `value`, JSON as text, is of `schema`; a check that does not end is failed."""
        given = json.dumps([json.loads(schema), value])
        if not any(f'"{word}' in schema for word in _SLOW):
            return check(given) is not None
        try:
            return await self._pool.run(check, given) is not None
        except (TimeoutError, ChildProcessError):
            return False


def check_schema(schema: Any) -> None:
    """Refuse what is no JSON schema.

    Raises:
        ValueError: it is none.
    """
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as exc:
        raise ValueError(f"schema must be a JSON schema: {exc.message}") from exc
    except RecursionError as exc:
        raise ValueError("schema is nested too deeply") from exc


class SchemaVerifier:
    """Checks the last JSON value of a solution."""

    def __init__(self, schema: dict[str, Any], pool: Pool) -> None:
        """Take a schema.

        Raises:
            ValueError: it is none.
        """
        check_schema(schema)
        self._schema = json.dumps(schema)
        self._checks = SchemaChecks(pool)

    @property
    def model(self) -> str:
        """What scores."""
        return "json-schema"

    @property
    def granularity(self) -> Granularity:
        """A solution gets one score."""
        return "solution"

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score `solutions`; one without any JSON, or whose check does not end, is of no schema."""
        values = [last_json("\n\n".join(steps)) for steps in solutions]
        once = list(dict.fromkeys(value for value in values if value is not None))
        checked = await asyncio.gather(*(self._checks.fits(self._schema, one) for one in once))
        fits = dict(zip(once, checked, strict=True))
        return Scored(
            scores=tuple((1.0 if value is not None and fits[value] else 0.0,) for value in values),
            usage=Usage(),
        )


def check(given: str) -> str | None:
    """Return the value of `[schema, value as text]` where it is of the schema; None elsewhere."""
    schema, value = json.loads(given)
    validator = validator_for(schema)(schema, registry=Registry())
    try:
        return value if validator.is_valid(json.loads(value)) else None
    except Exception:  # noqa: BLE001 - outermost in its process: references that lead nowhere
        return None
