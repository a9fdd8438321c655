"""What `forethought exchange` is given: counts, ratios, curves from a file or a stored policy."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ...nodes.curves import Curve, Point, curves_of
from ...nodes.errors import ForethoughtError
from ...nodes.policy.document import PolicyDocument
from ...storage.store import Store
from ..settings import Settings

_COUNT = re.compile(r"(?P<number>[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)(?P<unit>[KMBTkmbt]?)")
_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ExchangeError(ForethoughtError):
    """What was given makes no exchange; the message is one sentence for a user."""


class _CurveOfLevel(BaseModel):
    """An element of the file; a pair is (generations, accuracy), a third number its error."""

    model_config = ConfigDict(strict=True, extra="forbid")

    level: int | None = None
    curve: list[tuple[Count, Share] | tuple[Count, Share, Share]] = Field(min_length=1)


_FILE = TypeAdapter(Annotated[list[_CurveOfLevel], Field(min_length=1)])


def read_count(text: str) -> float:
    """Return a count as people write it: `0.5B`, `494M`, `18T`, `7e9`.

    Raises:
        ValueError: it is no count above 0.
    """
    match = _COUNT.fullmatch(text.strip())
    count = float(match["number"]) * _UNITS[match["unit"].upper()] if match else 0.0
    if not 0 < count < math.inf:
        raise ValueError(f"a count is a number above 0, with K, M, B or T, not {text!r}")
    return count


def read_curves(path: Path) -> tuple[Curve, ...]:
    """Return the curves of a JSON file, `[{"level": 1, "curve": [[1, 0.3], [4, 0.4]]}]`.

    Raises:
        ExchangeError: it cannot be read, is not of this form, or has a level twice.
    """
    try:
        read = _FILE.validate_json(path.read_bytes())
    except OSError as exc:
        raise ExchangeError(f"{path} cannot be read: {exc.strerror or exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if not str(part).startswith("tuple["))
        raise ExchangeError(f"{path}: {where}: {first['msg']}".replace(": : ", ": ")) from exc
    curves: dict[int | None, Curve] = {}
    for one in read:
        if one.level in curves:
            raise ExchangeError(f"{path} has level {one.level} twice")
        try:
            curves[one.level] = Curve(level=one.level, points=tuple(map(_point, one.curve)))
        except ValueError as exc:
            raise ExchangeError(f"{path}: level {one.level}: {exc}") from exc
    return tuple(curves.values())


def ratio_of(given: float | None, above: float | None, below: float | None, what: str) -> float:
    """Return a ratio that was given as itself or as its two parts.

    Raises:
        ExchangeError: it was given in neither way, or in both; `what` names the options.
    """
    if given is not None and above is None and below is None:
        return given
    if given is None and above is not None and below is not None:
        return above / below
    raise ExchangeError(f"give {what}")


def policy_curves(settings: Settings, reference: str, weight: float) -> tuple[Curve, ...]:
    """Return what the stored policy called `reference` reaches; `weight` is its verifier's.

    Raises:
        StoreError: there is no such policy.
        ExchangeError: it measured nothing.
    """
    document = asyncio.run(_policy(settings, reference))
    curves = curves_of(document, verifier_weight=weight)
    if not curves:
        raise ExchangeError(f"policy {reference!r} holds no measured accuracy")
    return curves


def larger_of(text: str | None, curves: Sequence[Curve]) -> dict[int | None, float]:
    """Return the larger model's accuracy by level: one number for all, or one a level.

    Raises:
        ExchangeError: it is neither.
    """
    if text is None:
        return {}
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as exc:
        raise ExchangeError(f"--larger-accuracy must be numbers, not {text!r}") from exc
    if not curves:
        raise ExchangeError("--larger-accuracy needs --curve or --policy to be compared with")
    if len(numbers) == 1:
        return {curve.level: numbers[0] for curve in curves}
    levels = [curve.level for curve in curves if curve.level is not None]
    if len(numbers) != len(levels):
        raise ExchangeError(
            f"--larger-accuracy must hold 1 number or {len(levels)}, not {len(numbers)}"
        )
    return dict(zip(levels, numbers, strict=True))


async def _policy(settings: Settings, reference: str) -> PolicyDocument:
    store = await Store.open(settings.database_url)
    try:
        return (await store.read_policy(reference)).document
    finally:
        await store.close()


def _point(numbers: tuple[float, float] | tuple[float, float, float]) -> Point:
    error = numbers[2] if len(numbers) == 3 else None
    return Point(generations=numbers[0], accuracy=numbers[1], error=error)
