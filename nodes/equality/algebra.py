"""Keys of mathematical answers, computed by math-verify and sympy in a worker process.

Runs in the main thread of a worker, since math-verify guards its parser with signals. An expression
is known by its value at fixed points, to ten digits (identity testing by evaluation: Schwartz 1980,
Zippel 1979), so equal expressions have equal keys however they are written, and no search for a
normal form has to end.
"""

from __future__ import annotations

import cmath
import zlib
from fractions import Fraction
from typing import Any

import sympy
from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

from .plain import number_key, text_key, verbatim_key, words_key

POINTS = 2
_EXACT_TO = 1e6
"""Where ten digits begin to run out."""
_STRICT = sympy.StrictLessThan | sympy.StrictGreaterThan
_WEAK = sympy.LessThan | sympy.GreaterThan
_PARSE_TIMEOUT_S = 3
_EXTRACTION = (LatexExtractionConfig(), ExprExtractionConfig())


def algebra_key(answer: str) -> str | None:
    """Return the key of a mathematical answer as it stood in its box; None when it is empty."""
    if (plain := number_key(answer) or words_key(answer)) is not None:
        return plain
    answer = answer.replace("\\varnothing", "\\emptyset")
    found = parse(
        f"\\boxed{{{answer}}}", extraction_config=_EXTRACTION, parsing_timeout=_PARSE_TIMEOUT_S
    )
    values = [value for value in found if not isinstance(value, str)]
    try:
        return (_key(values[0]) if values else None) or verbatim_key(answer)
    except Exception:  # noqa: BLE001 - outermost in its process; sympy raises whatever it meets
        return verbatim_key(answer)


def _key(value: Any) -> str | None:
    """Return the key of what math-verify parsed; None when it cannot be evaluated."""
    if isinstance(value, sympy.Equality):
        return _equation_key(value)
    if isinstance(value, _STRICT | _WEAK):
        return _joined(
            f"{'<' if isinstance(value, _STRICT) else '<='}(", [value.lts, value.gts], ")"
        )
    if isinstance(value, sympy.Interval):
        left, right = "(" if value.left_open else "[", ")" if value.right_open else "]"
        return _joined(left, [value.start, value.end], right)
    if isinstance(value, sympy.Tuple):
        return _joined("(", list(value), ")")
    if isinstance(value, sympy.FiniteSet):
        return _key(value.args[0]) if len(value.args) == 1 else _unordered("{", value.args)
    if isinstance(value, sympy.Union | sympy.And | sympy.Or):
        return _unordered(f"{value.func.__name__}{{", value.args)
    if isinstance(value, sympy.MatMul | sympy.MatAdd):
        product: Any = value.doit()
        return _key(product.as_explicit())
    if isinstance(value, sympy.MatrixBase):
        return _joined(f"m{value.rows}x{value.cols}(", value.flat(), ")")
    if value is sympy.S.EmptySet:
        return "{}"
    if value in (sympy.oo, -sympy.oo):
        return str(value)
    if isinstance(value, sympy.Symbol):
        return text_key(value.name)
    return _expression_key(value) if isinstance(value, sympy.Expr) else None


def _joined(left: str, parts: list[Any], right: str) -> str | None:
    keys = [_key(part) for part in parts]
    return None if None in keys else left + ";".join(map(str, keys)) + right


def _unordered(left: str, parts: tuple[Any, ...]) -> str | None:
    keys = [_key(part) for part in parts]
    return None if None in keys else left + ";".join(sorted(map(str, set(keys)))) + "}"


def _equation_key(equation: Any) -> str | None:
    """`x = 5` and `2 + 3 = 5` are the answer 5; any other equation is known up to a factor."""
    if not equation.free_symbols:
        return _key(equation.rhs)
    if isinstance(equation.lhs, sympy.Symbol) and equation.lhs not in equation.rhs.free_symbols:
        return _key(equation.rhs)
    if not isinstance(equation.lhs, sympy.Expr) or not isinstance(equation.rhs, sympy.Expr):
        return None
    values = _values(equation.lhs - equation.rhs, points=POINTS + 1)
    if values is None or values[0] == 0:
        return None
    return "=(" + ";".join(_digits(value / values[0]) for value in values[1:]) + ")"


def _expression_key(expression: Any) -> str | None:
    values = _values(expression, points=POINTS if expression.free_symbols else 1)
    if values is None:
        return None
    if not expression.free_symbols and abs(values[0]) > _EXACT_TO:
        whole = int(expression)  # to its last digit
        return f"n:{whole}" if expression.equals(whole) else "e:" + _digits(values[0])
    if not expression.free_symbols and abs(values[0].imag) < 1e-12 * (1 + abs(values[0])):
        nearest = Fraction(values[0].real).limit_denominator(10_000)
        if abs(float(nearest) - values[0].real) < 1e-12 * (1 + abs(values[0])):
            return f"n:{nearest}"
    return "e:" + ";".join(map(_digits, values))


def _values(expression: Any, points: int) -> list[complex] | None:
    """Evaluate at fixed points that depend on the names of the symbols alone."""
    found: list[complex] = []
    for point in range(points):
        places = {symbol: _place(symbol.name, point) for symbol in expression.free_symbols}
        try:
            value = complex(expression.evalf(20, subs=places))
        except (TypeError, ValueError, OverflowError, ArithmeticError):
            return None
        if not cmath.isfinite(value):
            return None
        found.append(value)
    return found


def _place(name: str, point: int) -> Any:
    return sympy.Rational(zlib.crc32(f"{point}{name}".encode()) % 9973 + 10_007, 10_000)


def _digits(value: complex) -> str:
    small = 1e-10 * (1 + abs(value))
    real, imag = (0.0 if abs(part) < small else part for part in (value.real, value.imag))
    return f"{real:.10g}" + (f"{imag:+.10g}i" if imag else "")
