"""What an exported table was asked for: the key to making it again from another release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sources.definitions import Definitions

MEASURES: Mapping[str, str] = {
    "value": "本期",
    "ytd": "累计",
    "yoy_pct": "同比（%）",
    "rank": "位次",
    "share_pct": "占比（%）",
}
"""What can be told of a unit, an indicator and a period, with the heading it is printed under."""


AREAS = ("county", "zone")
"""Levels of units that a city's table lists below it."""


def city_and_areas(definitions: Definitions, city_code: str) -> tuple[str, ...]:
    """A city and its counties and zones, the city first."""
    return (
        city_code,
        *(
            one.unit_code
            for one in definitions.units.values()
            if one.city_code == city_code and one.unit_code != city_code and one.level in AREAS
        ),
    )


@dataclass(frozen=True)
class Selection:
    """Units × indicators × periods, each in the order they are printed in."""

    unit_codes: tuple[str, ...]
    indicator_codes: tuple[str, ...]
    period_codes: tuple[str, ...]
    measures: tuple[str, ...] = tuple(MEASURES)

    @property
    def size(self) -> int:
        """How many numbers are asked for."""
        return (
            len(self.unit_codes)
            * len(self.indicator_codes)
            * len(self.period_codes)
            * len(self.measures)
        )

    def as_json(self) -> dict[str, Any]:
        """The selection as it is recorded."""
        return {
            "kind": "query",
            "unit_codes": list(self.unit_codes),
            "indicator_codes": list(self.indicator_codes),
            "period_codes": list(self.period_codes),
            "measures": list(self.measures),
        }

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> Selection:
        """A recorded selection."""
        return cls(
            tuple(found["unit_codes"]),
            tuple(found["indicator_codes"]),
            tuple(found["period_codes"]),
            tuple(found["measures"]),
        )


@dataclass(frozen=True)
class Figure:
    """One number of an exported table: what it is, what it was, and which published row holds it.

    `key` is its own within the table; `table_name` and `key_text` name the row of the marts as
    `marts.revisions` does.
    """

    key: str
    label_zh: str
    value: str | None
    table_name: str
    key_text: str
    column_name: str

    def as_json(self) -> list[str | None]:
        """The figure as it is recorded; a key that only says place and column is left out."""
        key = None if self.key == f"{self.key_text}|{self.column_name}" else self.key
        return [
            key, self.label_zh, self.value, self.table_name, self.key_text, self.column_name
        ]  # fmt: skip

    @classmethod
    def of_json(cls, found: list[Any]) -> Figure:
        """A recorded figure."""
        key, *rest = found
        return cls(f"{found[4]}|{found[5]}" if key is None else key, *rest)
