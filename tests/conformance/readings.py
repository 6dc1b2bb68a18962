"""Traps met before the models: what the readers, the calendar, the rules and the registry catch.

Each `tNN_..._holds` needs no fixture, so that a spoilt copy of the product can call it as well.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from expectations.rules import Rules
from sources.definition_checks import check_definitions
from sources.definitions import SEEDS, Definitions
from sources.duedates import due_at
from sources.errors import MissingColumn, UnmappedColumn, UnmappedRow
from sources.numbers import parse_number
from sources.periods import parse_period
from sources.submission_files import parse_submission
from tests.unit.expectations.conftest import Filed, Night
from tests.unit.sources.builders import as_csv, as_xlsx, sheet_with, small_definitions

OFFICIAL = Path(__file__).resolve().parents[2] / "sources" / "official"
REGION = "150000"
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
EACH_MONTH = "patent_grants"

RULE_DEFAULTS = {
    "rule_version": "1", "stage": "expectation", "rule_kind": "consistency",
    "severity_code": "verify", "title_zh": "标题", "advice_zh": "请核对",
    "message_zh": "{item} 为 {value}，应 {expected}（{formula}）", "valid_from": "2021-01-01",
}  # fmt: skip


def night(**rules: dict[str, str]) -> Night:
    """A night under the project's rules, or under the given rows of `rules` alone."""
    definitions = Definitions.load()
    if not rules:
        return Night(definitions, Rules.load(definitions))
    columns = definitions.table("rules").columns
    table = pl.DataFrame(
        [
            {name: ({"rule_id": key} | RULE_DEFAULTS | row).get(name) for name in columns}
            for key, row in rules.items()
        ],
        schema=dict.fromkeys(columns, pl.String),
    )
    tables = {name: definitions.table(name) for name in ("forms", "elements")}
    return Night(definitions, Rules.load(Definitions({"rules": table} | tables)))


def rule(left: str, operator: str, right: str, **more: str) -> dict[str, str]:
    """One consistency rule."""
    return {"left_expression": left, "operator": operator, "right_expression": right, **more}


def found(judged: Night) -> list[tuple[str, str]]:
    """Unit and rule of every finding."""
    rows = judged.validate().findings.select("submission_id", "rule_id").iter_rows()
    return sorted((submission.split(".")[0], rule_id) for submission, rule_id in rows)


def grants(month: str, so_far: str) -> dict[str, Filed]:
    """A month's grants, all of them utility models of organisations, and the year so far."""
    cells = ("", "_service", "_utility", "_utility_service")
    return dict.fromkeys((EACH_MONTH + cell for cell in cells), month) | {
        f"{EACH_MONTH}_ytd": so_far
    }


def problems_with(table: str, **row: str) -> list[tuple[str, str]]:
    """Column and words of the problems of one table with one more row."""
    columns = next(csv.reader((SEEDS / f"{table}.csv").open(encoding="utf-8")))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{table}.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, columns, restval="")
            writer.writeheader()
            writer.writerow(row)
        found = check_definitions(Definitions.load(Path(folder)))
    return [(one.column, one.problem_zh) for one in found if one.table == table]


def t04_registry_holds() -> None:
    """An element without a kind is refused; there is no default."""
    element = {"element_code": "new", "element_zh": "新", "unit_zh": "件"}
    assert ("kind", "不能为空") in problems_with("elements", **element)
    assert [c for c, _ in problems_with("elements", **element, kind="flow")] == []


def t04_rules_holds() -> None:
    """The all-time total 26609 in the cell of a month is found; 384, 341, 406 are not."""
    filed = night()
    for place, month in enumerate(MONTHS):
        filed.know("150402", "IP-M1", month, {EACH_MONTH: ("384", "341", "406")[place % 3]})
    filed.file("150402", "IP-M1", "2025-01", grants("26609", "26609"))
    filed.file("150403", "IP-M1", "2025-01", grants("406", "406"))
    assert found(filed) == [("150402", "H04")]


HEADER = ["release_id", "published_on", "period_start", "period_end", "region_code", "region_name",
          "patent_kind", "applicant_kind", "count", "note"]  # fmt: skip


def _release(start: str, end: str, applicant: str = "合计") -> list[list[object]]:
    row = ["R-1", "2021-09-06", start, end, "900000", "", "合计", applicant, 28335, ""]
    return [list(HEADER), row]


def t06_reading_holds() -> None:
    """A window that is no calendar month keeps its two days; a whole month is that month."""
    definitions = small_definitions()
    for start, end, code, period_type in (
        ("2020-12-16", "2021-06-15", "2020-12-16/2021-06-15", "window"),
        ("2021-06-01", "2021-06-30", "2021-06", "month"),
    ):
        parsed = parse_submission(
            as_csv(_release(start, end)), "发布.csv", "900000", definitions, True
        )
        assert parsed.authority.row(0)[5:7] == (code, period_type)
    assert parse_period("2020-12-16/2021-06-15").period_type == "window"


def t07_rules_holds() -> None:
    """ytd(n) − ytd(n−1) = month(n): swapped columns are found, January starts anew."""
    filed = night()
    filed.know("150402", "IP-M1", "2025-01", {f"{EACH_MONTH}_ytd": "5"})
    filed.know("150403", "IP-M1", "2025-01", {f"{EACH_MONTH}_ytd": "5"})
    filed.file("150402", "IP-M1", "2025-02", grants("3", "8"))
    filed.file("150403", "IP-M1", "2025-02", grants("8", "3"))
    filed.file("150404", "IP-M1", "2025-01", grants("5", "5"))
    assert found(filed) == [("150403", "C07"), ("150403", "C13")]


def t08_rules_holds() -> None:
    """That a total never falls is one row of the registry."""
    total = f"{EACH_MONTH}_ytd"
    filed = night(T08=rule(total, ">=", f"prev({total})"))
    for unit, so_far in (("150402", "136232"), ("150403", "133931")):
        filed.know(unit, "IP-M1", "2025-01", {total: "133932"})
        filed.file(unit, "IP-M1", "2025-02", {total: so_far})
    assert found(filed) == [("150403", "T08")]


def t09_rules_holds() -> None:
    """share × total = part: 70.89 % and 29.11 % are shares of 5483 and not of the printed 11942."""
    shares = {"service": ("0.7089", "3887"), "non_service": ("0.2911", "1596")}
    filed = night(**{
        f"T09{name}": rule(
            f"{EACH_MONTH}_{name}", "=", f"{share} * {EACH_MONTH}", tolerance_rel="0.0002"
        )
        for name, (share, _) in shares.items()
    })  # fmt: skip
    for unit, total in (("150402", "5483"), ("150403", "11942")):
        parts = {f"{EACH_MONTH}_{name}": part for name, (_, part) in shares.items()}
        filed.file(unit, "IP-M1", "2025-01", {EACH_MONTH: total, **parts})
    assert found(filed) == [("150403", "T09non_service"), ("150403", "T09service")]


def t09_press_holds() -> None:
    """A table that prints 11942 and takes its shares from 5483 is caught by the rule of shares."""
    definitions = Definitions.load()
    parts = {"职务": ("3887", "70.89%"), "非职务": ("1596", "29.11%")}
    for total, shares_found in (("5483", 0), ("11942", 2)):
        rows = [[*_release("2021-06-01", "2021-06-30")[0], "share_pct"]]
        for who, (count, share) in (parts | {"合计": (total, "")}).items():
            [_, row] = _release("2021-06-01", "2021-06-30", who)
            row[HEADER.index("count")] = count
            row[HEADER.index("region_code")] = REGION
            rows.append([*row, share])
        parsed = parse_submission(as_csv(rows), "发布.csv", REGION, definitions, False)
        found = [check for check in parsed.checks if check.rule_id == "A04"]
        assert len(found) == shares_found
        assert all("基数约为 5483" in check.message_zh for check in found)


APPLICANTS = ("企业", "大专院校", "科研机构", "机关团体", "个人")


def t11_reading_holds() -> None:
    """A header the layout does not know is refused with every strange column, and so is an
    applicant kind a release never printed before, with all that are known."""
    definitions = small_definitions()
    extra = dict(zip(("G6", "H6", "I6", "J6", "K6"), APPLICANTS, strict=True))
    with pytest.raises(UnmappedColumn) as caught:
        parse_submission(as_xlsx(sheet_with(**extra), None), "a.xlsx", "900101", definitions, None)
    assert set(caught.value.unmapped) == set(APPLICANTS)
    for name in APPLICANTS:
        release = as_csv(_release("2021-06-01", "2021-06-30", name))
        with pytest.raises(UnmappedRow) as refused:
            parse_submission(release, "发布.csv", "900000", definitions, True)
        assert "合计/职务" in (refused.value.expected_text or "")
    undated = as_csv([[*row[:2], *row[4:]] for row in _release("2021-06-01", "2021-06-30")])
    with pytest.raises(MissingColumn):
        parse_submission(undated, "发布.csv", "900000", definitions, True)


def t14_reading_holds() -> None:
    """The regional release adds up over its twelve members; one member changed is a finding."""
    definitions = Definitions.load()
    for month in ("2023-09", "2024-01"):
        text = (OFFICIAL / f"inner_mongolia_{month}.csv").read_text(encoding="utf-8")
        parsed = parse_submission(text.encode(), "发布.csv", REGION, definitions, False)
        assert parsed.checks == ()
        rows = list(csv.reader(io.StringIO(text)))
        count = rows[0].index("count")
        kinds = [(row[4], row[6], row[7]) for row in rows]
        member = kinds.index(("150100", "发明", "合计"))
        rows[member][count] = str(int(rows[member][count]) + 1)
        spoilt = parse_submission(as_csv(rows), "发布.csv", REGION, definitions, False)
        assert "A03" in {check.rule_id for check in spoilt.checks}


def t20_calendar_holds() -> None:
    """Due days in months of 28, 29, 30 and 31 days, to the last second, moved over a holiday."""
    row = {"calendar_code": "M", "due_month_offset": "1", "due_day": "31", "due_time": "23:59:59",
           "holiday_shift": "none", "valid_from": "2020-01-01"}  # fmt: skip
    definitions = small_definitions(calendar=[row])
    form = next(one for one in definitions.form_versions if one.form_version == "2")
    for period, day in (("2025-01", 28), ("2024-01", 29), ("2025-03", 30), ("2025-04", 31)):
        year, month = int(period[:4]), int(period[5:]) + 1
        due = due_at(definitions, form, "900100", parse_period(period))
        assert due == datetime(year, month, day, 23, 59, 59)
    shifted = {**row, "due_day": "6", "holiday_shift": "next_working_day"}
    holidays = [("2025-10-06", False), ("2025-10-07", False), ("2025-10-08", False)]
    definitions = small_definitions(holidays, [shifted])
    due = due_at(definitions, form, "900100", parse_period("2025-09"))
    assert due == datetime(2025, 10, 9, 23, 59, 59)


def t21_numbers_holds() -> None:
    """A filed unit, sign word or per cent sign is never guessed away; a 10^4 slip is found."""
    for text in ("6万件", "3.17亿元", "约100", "下降2.79%", "增长-2.5%"):
        assert parse_number(text).number is None, text
    minus = parse_number("－2.79")
    assert (minus.number_text, minus.issue) == ("-2.79", "full_width")
    filed = night()
    for quarter in ("2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"):
        filed.know("150402", "IP-Q2", quarter, {"pledge_disbursed_amount": "120"})
    amounts = ("pledge_registered_amount", "pledge_registered_patent", "pledge_disbursed_amount")
    filed.file(
        "150402", "IP-Q2", "2025-Q1", dict.fromkeys(amounts, "1200000") | {"pledge_items": "1"}
    )
    assert found(filed) == [("150402", "C44"), ("150402", "C46"), ("150402", "H03")]


TARGET = {
    "target_code": "X1", "plan_code": "baotou-145", "tier": "table", "target_order": "1",
    "indicator_zh": "名", "indicator_code": "HVP_STOCK", "unit_factor": "1", "basis": "level",
    "target_year": "2025", "comparator": ">=", "target_low": "1", "document": "d", "line": "1",
    "quote": "q",
}  # fmt: skip


def t24_registry_holds() -> None:
    """No target and no indicator without a direction, also where every one points up."""
    assert ("direction", "不能为空") in problems_with("plan_targets", **TARGET)
    assert "direction" not in dict(problems_with("plan_targets", **TARGET, direction="down"))
    indicator = {"indicator_code": "NEW", "indicator_zh": "新", "is_ratio": "false"}
    assert ("direction", "不能为空") in problems_with("indicators", **indicator)


def t28_rules_holds() -> None:
    """The same sum judged per body and over the city: two errors that cancel are found where the
    rule stands, on the rows, and vanish in the total."""
    filed = night()
    filed.file("150402", "IP-M1", "2025-01", grants("10", "10") | {f"{EACH_MONTH}_service": "9"})
    filed.file("150403", "IP-M1", "2025-01", grants("10", "10") | {f"{EACH_MONTH}_service": "11"})
    judged = filed.validate().findings
    sums = judged.filter(pl.col("rule_id") == "C01").select("unit_code", "element_code", "cell")
    assert sorted(row[:2] for row in sums.iter_rows()) == [
        ("150402", EACH_MONTH), ("150403", EACH_MONTH),
    ]  # fmt: skip
    cells = pl.DataFrame(filed.cells)
    whole, parts = (
        sum(int(text) for text in cells.filter(pl.col("element_code").is_in(names))["text"])
        for names in ([EACH_MONTH], [f"{EACH_MONTH}_service", f"{EACH_MONTH}_non_service"])
    )
    assert whole == parts
