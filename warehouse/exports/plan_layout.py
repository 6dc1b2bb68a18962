"""A plan's table as its document prints it: title, columns, order, wording and units.

What a document prints is rows of `plan_columns`; a plan that prints sentences instead of a table
has none, and gets its targets beside its indicators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sources.definitions import Definitions
from warehouse.errors import NoRelease
from warehouse.exports.plan_figures import plan_rows
from warehouse.queries.published import ask
from warehouse.releases.build import DEFINITIONS
from warehouse.settings import Settings

Row = Mapping[str, Any]


@dataclass(frozen=True)
class PlanColumn:
    """One printed column: its heading, what it holds, and how units and blanks are printed."""

    heading_zh: str
    field_name: str
    brackets: str | None = None
    empty_printed: str | None = None

    def text(self, row: Row) -> str:
        """What the document prints in this column for a target."""
        value = row[self.field_name]
        if self.field_name == "baseline_printed" and row["baseline_source"] != "printed":
            value = None
        if value is None or value == "":
            return self.empty_printed or ""
        if self.brackets and row["unit_zh"]:
            return f"{value}{self.brackets[0]}{row['unit_zh']}{self.brackets[1]}"
        return str(value)


@dataclass(frozen=True)
class PlanTable:
    """A plan with its printed columns and its rows."""

    plan: Row
    columns: tuple[PlanColumn, ...]
    rows: tuple[Row, ...]
    has_own_columns: bool = True
    """Whether the document prints a table; else its targets stand in sentences."""

    @property
    def code(self) -> str:
        """The plan's code."""
        return str(self.plan["plan_code"])

    @property
    def title_zh(self) -> str:
        """The document's title."""
        return str(self.plan["plan_zh"])

    @property
    def origin_zh(self) -> str:
        """Number and day of the document, and whether it is a draft."""
        number, issued = self.plan["document_number"], self.plan["issued_on"]
        parts = [number, f"{issued:%Y年%-m月%-d日}印发" if issued else None]
        if self.plan["status_code"] == "draft":
            parts.append("征求意见稿")
        return "　".join(part for part in parts if part)

    @property
    def table_title_zh(self) -> str:
        """The title over the table, or of the chapter that states the targets."""
        return str(self.plan["table_title_zh"] or "主要指标")

    @property
    def sentences_zh(self) -> str:
        """The words of a document that states its targets in sentences; empty for a table."""
        if self.has_own_columns:
            return ""
        quotes = dict.fromkeys(str(row["quote"]) for row in self.rows if row["quote"])
        return "；".join(quotes)

    def category_spans(self) -> list[tuple[int, int]]:
        """First row and number of rows of each run of one category."""
        spans: list[tuple[int, int]] = []
        for number, row in enumerate(self.rows):
            if spans and self.rows[number - 1]["category_zh"] == row["category_zh"]:
                spans[-1] = (spans[-1][0], spans[-1][1] + 1)
            else:
                spans.append((number, 1))
        return spans


def plan_tables(settings: Settings, release_id: str) -> list[PlanTable]:
    """Every plan of a release in the order of its code; one without rows has an empty table.

    Raises:
        NoRelease: there is no such release.
    """
    plans = ask(settings, "select * from marts.plans order by city_code, plan_code", (), release_id)
    printed = _printed_columns(settings, release_id)
    rows: dict[str, list[Row]] = {}
    for row in plan_rows(settings, [str(plan["plan_code"]) for plan in plans], release_id):
        rows.setdefault(str(row["plan_code"]), []).append(row)
    return [
        PlanTable(
            plan,
            tuple(printed.get(str(plan["plan_code"])) or _plain_columns(plan)),
            tuple(rows.get(str(plan["plan_code"]), ())),
            str(plan["plan_code"]) in printed,
        )
        for plan in plans
    ]


def definitions_of_release(settings: Settings, release_id: str) -> Definitions:
    """The definition tables a release was made with.

    Raises:
        NoRelease: the release is not kept, or not whole.
    """
    folder = settings.releases / release_id / DEFINITIONS
    if not folder.is_dir():
        raise NoRelease(release_id)
    return Definitions.read(folder)


def _printed_columns(settings: Settings, release_id: str) -> dict[str, list[PlanColumn]]:
    folder = settings.releases / release_id / DEFINITIONS
    if not (folder / "plan_columns.csv").is_file():
        return {}
    table = Definitions.read(folder).table("plan_columns")
    found: dict[str, list[PlanColumn]] = {}
    for row in sorted(table.iter_rows(named=True), key=lambda row: int(row["column_order"])):
        found.setdefault(row["plan_code"], []).append(
            PlanColumn(row["heading_zh"], row["field_name"], row["brackets"], row["empty_printed"])
        )
    return found


def _plain_columns(plan: Row) -> Sequence[PlanColumn]:
    end = plan["plan_end"]
    return (
        PlanColumn("指标", "indicator_zh"),
        PlanColumn(f"到{end.year}年目标" if end else "目标", "target_printed"),
    )
