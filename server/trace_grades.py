"""`POST` and `GET /v1/traces/{id}/grades`: what people and programs say of an answer.

A run may be graded any number of times and no grade is overwritten; of one grader the newest counts.
Where keys are on, the grader is the key, whatever else it is called: nobody grades in another's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..storage.grades import Grade, NewGrade
from .bounded import bounded
from .documented import READ, errors, json_request
from .responses.body import refusal_of_body
from .trace_views import StoredTraces, find_owned
from .visit import current_visit

MOST_BYTES = 256 * 1024
ANYBODY = "person:anonymous"
"""Who grades where nobody says, and no key does."""


class GradedTraces(StoredTraces, Protocol):
    """Keeps grades. Implementation: `storage.store.Store`."""

    async def add_grades(self, given: Sequence[NewGrade]) -> list[Grade]:
        """Add all of `given` or none."""
        ...

    async def grades_of(self, trace_id: str) -> list[Grade]:
        """Return the grades of the trace with this whole id, oldest first."""
        ...


class GradeBody(BaseModel):
    """A grade."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    score: Annotated[float, Field(ge=0, le=1, description="0 is wrong, 1 is right.")]
    grader: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            pattern=r"^\S(.*\S)?$",
            description="`person:anna`, `checker:unit-tests`; with a key its name is added.",
        ),
    ] = None
    note: Annotated[str | None, Field(max_length=10_000)] = None
    answer: Annotated[
        str | None, Field(max_length=100_000, description="What would have been right.")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeList:
    """Grades, in the form of OpenAI's lists."""

    object: Literal["list"] = "list"
    data: tuple[Grade, ...]
    """Oldest first."""


def trace_grades_router(traces: GradedTraces | None) -> APIRouter:
    """Return the two routes. Without a store there is nothing to grade, and each is a 404."""
    router = APIRouter(tags=["traces"])

    @router.post(
        "/v1/traces/{trace_id}/grades",
        status_code=201,
        responses=errors((*READ, 413)),
        response_model=Grade,
        openapi_extra=json_request(GradeBody),
    )
    async def grade(trace_id: str, request: Request) -> Grade:
        """Add a grade."""
        body = _read(await bounded(request, MOST_BYTES))
        kept = await find_owned(traces, trace_id)
        new = NewGrade(
            trace_id=trace_id,
            grader=_grader(body.grader),
            score=body.score,
            note=body.note,
            answer=body.answer,
        )
        return (await kept.add_grades([new]))[0]

    @router.get("/v1/traces/{trace_id}/grades", responses=errors(READ), response_model=GradeList)
    async def grades(trace_id: str) -> GradeList:
        """Return the grades of a run, oldest first."""
        kept = await find_owned(traces, trace_id)
        return GradeList(data=tuple(await kept.grades_of(trace_id)))

    return router


def _read(raw: bytes) -> GradeBody:
    try:
        return GradeBody.model_validate_json(raw)
    except ValidationError as error:
        raise refusal_of_body(error) from error


def _grader(said: str | None) -> str:
    key = current_visit().key
    if key is None:
        return said or ANYBODY
    return f"person:{key.name}" if said is None else f"{said} (key {key.name})"
