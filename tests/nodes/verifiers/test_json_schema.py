from collections.abc import Callable
from typing import Any

import pytest

from fakes import ask
from forethought.nodes.equality.keys import KillingPool
from forethought.nodes.verifiers.json_schema import SchemaChecks, SchemaVerifier, check

pytestmark = pytest.mark.anyio
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0}},
    "required": ["n"],
    "patternProperties": {"^x-": True},
}


class HerePool:
    """Runs what it is given in this process."""

    def __init__(self, error: Exception | None = None) -> None:
        self.ran: list[str] = []
        self._error = error

    async def run(self, function: Callable[[str], str | None], text: str) -> str | None:
        self.ran.append(text)
        if self._error is not None:
            raise self._error
        return function(text)

    def close(self) -> None:
        raise AssertionError("whoever made the pool closes it")


async def test_a_value_of_the_schema_scores_one_and_everything_else_nothing() -> None:
    pool = HerePool()
    verifier = SchemaVerifier(SCHEMA, pool)
    solutions = [
        ["first", '```json\n{"n": 3}\n```'],
        ['{"n": -3}'],
        ['{"m": 3}'],
        ["no JSON"],
        ["again", '```json\n{"n": 3}\n```'],
    ]
    scored = await verifier.score(ask(kind="json"), solutions)
    assert [row[0] for row in scored.scores] == [1.0, 0.0, 0.0, 0.0, 1.0]
    assert (verifier.granularity, verifier.model) == ("solution", "json-schema")
    assert len(pool.ran) == 3


@pytest.mark.parametrize("error", [TimeoutError(), ChildProcessError("died")])
async def test_a_check_that_does_not_end_is_failed(error: Exception) -> None:
    verifier = SchemaVerifier(SCHEMA, HerePool(error))
    assert (await verifier.score(ask(), [['{"n": 3}']])).scores == ((0.0,),)


async def test_a_pattern_that_never_ends_is_killed() -> None:
    pool = KillingPool(timeout_s=0.5)
    try:
        verifier = SchemaVerifier({"pattern": "^(a+)+$"}, pool)
        scored = await verifier.score(ask(), [[f'"{"a" * 60}!"']])
    finally:
        pool.close()
    assert scored.scores == ((0.0,),)


async def test_a_schema_without_patterns_and_references_is_checked_at_once() -> None:
    pool = HerePool(AssertionError("nothing here can take long"))
    checks = SchemaChecks(pool)
    schema = '{"type":"object","properties":{"n":{"type":"integer"}}}'
    assert await checks.fits(schema, '{"n": 3}')
    assert not await checks.fits(schema, '{"n": "3"}')


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="schema must be a JSON schema"):
        SchemaVerifier({"type": "nonsense"}, HerePool())


def test_a_reference_to_elsewhere_is_not_fetched() -> None:
    assert check('[{"$ref": "http://127.0.0.1:9/schema"}, "1"]') is None
    assert check('[{"$defs": {"a": {"type": "integer"}}, "$ref": "#/$defs/a"}, "1"]') == "1"
