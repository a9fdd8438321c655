"""Scores solutions by whether their JSON value is of a schema: 1 or 0, exact.

Validation runs in a worker that is killed when it takes too long, since a pattern of the schema may
never end. References are followed inside the schema alone: nothing is fetched. JSON Schema 2020-12, or
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


class SchemaVerifier:
    """Checks the last JSON value of a solution."""

    def __init__(self, schema: dict[str, Any], pool: Pool) -> None:
        """Take a schema.

        Raises:
            ValueError: it is none.
        """
        try:
            validator_for(schema).check_schema(schema)
        except SchemaError as exc:
            raise ValueError(f"schema must be a JSON schema: {exc.message}") from exc
        self._schema = schema
        self._pool = pool

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
        fits = dict(zip(once, await asyncio.gather(*map(self._fits, once)), strict=True))
        return Scored(
            scores=tuple((1.0 if value is not None and fits[value] else 0.0,) for value in values),
            usage=Usage(),
        )

    async def _fits(self, value: str) -> bool:
        try:
            return await self._pool.run(check, json.dumps([self._schema, value])) is not None
        except (TimeoutError, ChildProcessError):
            return False


def check(given: str) -> str | None:
    """Return the value of `[schema, value as text]` where it is of the schema; None elsewhere."""
    schema, value = json.loads(given)
    validator = validator_for(schema)(schema, registry=Registry())
    try:
        return value if validator.is_valid(json.loads(value)) else None
    except Exception:  # noqa: BLE001 - outermost in its process: references that lead nowhere
        return None
