"""The arithmetic of a traced number, done again from its leaves in exact decimals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

CLOSE = 1e-9
"""A published ratio is a double, the trace's an exact quotient: relative difference allowed."""


def side(terms: Sequence[Mapping[str, Any]], role: str) -> Decimal | None:
    """The sum of a fraction's one side, None while no term of it has a value."""
    known = [
        Decimal(term["coefficient"]) * Decimal(term["value"])
        for term in terms
        if term["term_role"] == role and term["value"] is not None
    ]
    return sum(known, Decimal(0)) if known else None


def combined(
    terms: Sequence[Mapping[str, Any]], factor: Decimal, *, is_ratio: bool
) -> Decimal | None:
    """Numerator × factor, over the denominator where it is a ratio; None where it has none."""
    above = side(terms, "numerator")
    if above is None:
        return None
    if not is_ratio:
        return above * factor
    below = side(terms, "denominator")
    return above * factor / below if below else None


def growth(now: Decimal | None, then: Decimal | None) -> Decimal | None:
    """Growth in percent; None on a missing or zero base."""
    if now is None or not then:
        return None
    return 100 * (now - then) / then


def agrees(recomputed: Decimal | None, published: float | None) -> bool:
    """Whether the leaves add up to what was published."""
    if recomputed is None or published is None:
        return recomputed is None and published is None
    return abs(float(recomputed) - published) <= CLOSE * max(1.0, abs(published))


def in_words(found: Mapping[str, Any]) -> str:
    """The computation as one line."""
    target, figure = found["target"], found["figure"]
    if found["recomputed"] is None:
        return "没有可计算的数"
    value = plain(found["recomputed"])
    if target["basis"] == "per_unit":
        met = f"{plain(figure['numerator'])}/{plain(figure['denominator'])} 个单位达到"
        return f"各单位中最低（{met}）= {value}"
    above = side(found["terms"], "numerator")
    if target["basis"] == "growth":
        then = side(found["base_terms"], "numerator") if "base_terms" in found else None
        base = target["baseline_value"] if then is None else then
        return f"（{plain(above)} − {plain(base)}）÷ {plain(base)} × 100 = {value}"
    by = f" ÷ {plain(side(found['terms'], 'denominator'))}" if figure["is_ratio"] else ""
    times = f" × {plain(figure['factor'])}" if figure["factor"] != 1 else ""
    return f"{plain(above)}{by}{times} = {value}"


def plain(number: Any) -> str:
    """A number without trailing zeros, at most six decimals, never in exponents."""
    if number is None:
        return "—"
    text = f"{Decimal(number):.6f}"
    return text.rstrip("0").rstrip(".")
