"""A study as its file holds it: `dataclasses.asdict` as JSON, a number that is not one as null.

Fields that this package does not know are passed over, so that a newer study can be read as far as it
says the same things; a policy of a newer format says others, and is refused.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ...nodes.learning.calibration import Calibration
from ...nodes.learning.compare import COSTS
from ...nodes.learning.study import Study
from ...nodes.policy.document import FORMAT
from .errors import ReportError

_ADAPTER = TypeAdapter(Study)
_MEASURED = frozenset(
    (
        "value",
        "low",
        "high",
        "accuracy",
        "error",
        "baseline_error",
        "gain",
        "gain_error",
        "generations",
        "tokens",
        "verifier_tokens",
        "rounds",
        "share",
        "reached",
    )
)
"""Names of fields that are always numbers; null there is nan. A strategy's own numbers may share a
name, and stay what they are."""


def read_study(path: Path) -> Study:
    """Return the study that `path` holds.

    Raises:
        ReportError: it cannot be read, is no study, or has a policy of a newer format.
    """
    try:
        found = json.loads(path.read_bytes())
    except OSError as exc:
        raise ReportError(f"{path} cannot be read: {exc.strerror or exc}") from exc
    except ValueError as exc:  # UnicodeDecodeError and JSONDecodeError are
        raise ReportError(f"{path} is not JSON: {exc}") from exc
    if newer := _newer_format(found):
        raise ReportError(
            f"{path}: the policy has format {newer}, newer than this package's {FORMAT}"
        )
    try:
        study = _ADAPTER.validate_python(_with_nan(found))
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ReportError(f"{path} is not a study: {where}: {first['msg']}") from exc
    if lacking := _lacking(study):
        raise ReportError(f"{path} is not a study: it lacks {lacking}")
    return study


def _lacking(study: Study) -> str:
    """Return what a study must hold and no type says; empty where it is all there."""
    ratios = [row.versus.ratio for row in study.same_budget]
    ratios += [row.at_equal_accuracy for row in study.same_budget]
    ratios += [row.equal.ratio for row in study.saved]
    if not all(cost in ratio for ratio in ratios for cost in COSTS):
        return f"one of the costs {', '.join(COSTS)}"
    if not all(curve.points for curve in study.curves):
        return "the points of a curve"
    if not all(one.bins for one in _calibrations(study)):
        return "the bins of a calibration"
    return ""


def _calibrations(study: Study) -> list[Calibration]:
    confidence = study.confidence
    return [study.difficulty.calibration, confidence.calibration, confidence.vote_share]


def _newer_format(found: object) -> int | None:
    """Return the format of the policy where this package does not know it."""
    policy = found.get("policy") if isinstance(found, dict) else None
    number = policy.get("format") if isinstance(policy, dict) else None
    return number if isinstance(number, int) and number > FORMAT else None


def _with_nan(found: Any) -> Any:
    """Return JSON with nan for null where a number was measured."""
    if isinstance(found, list):
        return [_with_nan(one) for one in found]
    if not isinstance(found, dict):
        return found
    if "name" in found and "made" not in found:  # a strategy, or a source of a fit
        return found
    return {
        name: math.nan if one is None and name in _MEASURED else _with_nan(one)
        for name, one in found.items()
    }
