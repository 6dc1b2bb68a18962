"""How an example of a rule is written: what is filed to pass, what to fail, and short forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
QUARTERS = [f"{year}-Q{quarter}" for year in (2023, 2024) for quarter in (1, 2, 3, 4)]


@dataclass(frozen=True)
class Example:
    """What is filed to pass and to fail, and the element the finding must point at.

    `past` gives earlier figures: by period, or one figure for all periods of a list.
    """

    rule_id: str
    form: str
    element: str | None
    passing: Mapping[str, object]
    failing: Mapping[str, object]
    period: str = "2025-01"
    failing_period: str | None = None
    past: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_nil: bool = False


def steady(periods: list[str], **figures: str) -> dict[str, dict[str, str]]:
    return dict.fromkeys(periods, figures)


def parts(kind: str, total: str, service: str, non_service: str) -> dict[str, str]:
    stem = f"patent_grants_{kind}" if kind else "patent_grants"
    return {stem: total, f"{stem}_service": service, f"{stem}_non_service": non_service}


CATEGORIES = ("emerging", "family", "over10", "pledged", "award")


def ytd(base: str, rule_id: str) -> Example:
    return Example(
        rule_id,
        "IP-M1",
        f"{base}_ytd",
        {base: "7", f"{base}_ytd": "107"},
        {base: "7", f"{base}_ytd": "7"},
        period="2025-03",
        past={"2025-02": {f"{base}_ytd": "100"}},
    )


def at_least_the_month(base: str, rule_id: str) -> Example:
    """A running total against its own month; the month before is not known."""
    return Example(
        rule_id,
        "IP-M1",
        f"{base}_ytd",
        {base: "7", f"{base}_ytd": "7"},
        {base: "7", f"{base}_ytd": "6"},
        period="2025-03",
    )


def category(place: int, rule_id: str) -> Example:
    named = f"hvp_cat_{CATEGORIES[place]}"
    whole = {"inv_valid_stock": "20", "hvp_stock": "10"}
    return Example(
        rule_id, "IP-Q1", named, {**whole, named: "10"}, {**whole, named: "11"}, period="2025-Q1"
    )


def voided(rule_id: str, text: str | None, issue: str) -> Example:
    return Example(
        rule_id,
        "IP-Q2",
        "pledge_items",
        {"pledge_items": "3"},
        {"pledge_items": (text, issue)},
        period="2025-Q1",
    )


def in_quarter(
    rule_id: str,
    form: str,
    element: str,
    passing: dict[str, object],
    failing: dict[str, object],
    **more: object,
) -> Example:
    return Example(rule_id, form, element, passing, failing, period="2025-Q1", **more)
