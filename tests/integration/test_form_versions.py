"""A form that changes: an old period comes on the old form, however late, a new one on the new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from openpyxl import load_workbook

from tests.integration.conftest import Workspace
from tests.two_versions import fill, write_two_versions

CITY, UNIT = "150200", "150202"
ARRIVED = datetime(2026, 3, 2, 10, 0)


def test_a_late_old_form_and_a_new_form_are_read_in_one_night(
    small: Callable[[], Workspace], tmp_path: Path
) -> None:
    workspace = small()
    write_two_versions(workspace.home / "definitions")
    settings = workspace.home / "workspace.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + '\ndefinitions = "definitions"\n')
    forms = {}
    for period in ("2025-09", "2026-01"):
        path = tmp_path / f"{period}.xlsx"
        workspace.run(
            "template", "--form", "IP-M1", "--unit", UNIT, "--period", period, "--out", str(path)
        )
        fill(path)
        forms[period] = path.read_bytes()
        workspace.drop(CITY, UNIT, f"东河区{period}.xlsx", forms[period], ARRIVED)
    # The new form for an old period, its hidden sheet gone: its headings give it away.
    book = load_workbook(tmp_path / "2026-01.xlsx")
    book.remove(book["_qiangshi"])
    book.worksheets[0]["B4"] = "2025年8月"
    book.save(tmp_path / "new for old.xlsx")
    workspace.drop(CITY, UNIT, "八月.xlsx", (tmp_path / "new for old.xlsx").read_bytes(), ARRIVED)
    workspace.night("--date", "2026-03-05")
    filed = {
        row["file_name"]: (row["period_code"], row["state_code"])
        for row in workspace.run("submissions", "--unit", UNIT, "--json").json
    }
    assert filed["东河区2025-09.xlsx"] == ("2025-09", "published")
    assert filed["东河区2026-01.xlsx"] == ("2026-01", "published")
    [refusal] = [
        row for row in workspace.run("findings", "--unit", UNIT, "--json").json
        if row["file_name"] == "八月.xlsx"
    ]  # fmt: skip
    assert refusal["rule_id"] == "S14"
    assert "第 2026 版不适用于报告期 2025-08" in refusal["message_zh"]
    told = workspace.query(
        "select period_code, count(*), max(value) from marts.unit_observations where unit_code = ?"
        " and period_code in ('2025-09', '2026-01') and period_type = 'month' and value is not null"
        " group by period_code order by period_code",
        UNIT,
    )
    assert [(row[0], row[2]) for row in told] == [("2025-09", 0), ("2026-01", 0)]
    assert told[0][1] == told[1][1]
