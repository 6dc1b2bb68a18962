"""What notices say of late forms: the last thirteen months by name, older ones counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from warehouse.queries.published import rows
from warehouse.reports import told


class Asked:
    """As much of a release's source as the sentences ask."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def ask(self, sql: str, parameters: Any = ()) -> list[dict[str, Any]]:
        return rows(self.connection, sql, parameters)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(told, "form_titles", lambda _: {"M": "月报"})
    with duckdb.connect() as connection:
        connection.execute("""
            create schema marts;
            create table marts.release as select date '2026-01-31' as as_of;
            create table marts.units (unit_code text, unit_name_zh text, is_current boolean);
            insert into marts.units values ('1', '旧名县', false), ('1', '东区', true);
            create table marts.reporting_rates (city_code text, unit_code text, form_code text,
                period_code text, period_end date, due_at timestamp, is_expected boolean,
                is_received boolean, is_on_time boolean)
        """)
        yield Asked(connection)


def owe(source: Any, period_code: str, period_end: str, due_at: str) -> None:
    source.connection.execute(
        "insert into marts.reporting_rates values ('9', '1', 'M', ?, ?, ?, true, false, false)",
        [period_code, period_end, due_at],
    )


def test_old_forms_are_counted_and_recent_ones_named_once(source: Any) -> None:
    owe(source, "2020-03", "2020-03-31", "2020-04-10")
    owe(source, "2020-04", "2020-04-30", "2020-05-10")
    owe(source, "2025-12", "2025-12-31", "2026-01-21")
    assert told.owed_lines(source, "9") == [
        "近十三个月应报1份，已报0份，其中按时0份。",
        "东区尚欠2025年12月月报，最长逾期10天。",
        "更早的报表另有2份未报（1个单位），详见报送情况。",
    ]


def test_only_old_forms_say_that_the_recent_ones_are_in(source: Any) -> None:
    owe(source, "2020-03", "2020-03-31", "2020-04-10")
    assert told.owed_lines(source, "9")[-1] == "近十三个月到期的报表已全部报齐。"


def test_nothing_owed_is_said(source: Any) -> None:
    assert told.owed_lines(source, "9") == ["到期报表已全部报齐。"]
