"""Charts of targets: what is drawn, and that nothing is drawn where there is no number."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from warehouse.reports.charts import svg_of, target_chart


def test_a_chart_is_drawn_with_its_target_and_baseline() -> None:
    row = {"unit_zh": "件", "target_low": 10, "baseline_value": Decimal("2.5")}
    series = [
        {"period_end": date(2024 + n, 12, 31), "actual_value": 3 + n, "expected_value": 4 + n}
        for n in range(2)
    ]
    svg = svg_of(target_chart(row, series), 7)
    assert "目标" in svg
    assert "基期" in svg
    assert "Qiangshi Sans" in svg
    assert 'id="c7-' in svg or 'id="' not in svg
    empty = svg_of(target_chart(row | {"baseline_value": None}, series), 8)
    assert "基期" not in empty


def _chart(actual: list[int | None], expected: list[int | None], **changed: Any) -> str:
    row = {"unit_zh": "件", "target_low": 10, "baseline_value": 2} | changed
    series = [
        {"period_end": date(2020 + n, 12, 31), "actual_value": one, "expected_value": other}
        for n, (one, other) in enumerate(zip(actual, expected, strict=True))
    ]
    return svg_of(target_chart(row, series), 1)


def _runs(svg: str) -> int:
    """How many pieces the line of actual values is drawn in."""
    [path] = re.findall(r'"line mark" d="([^"]*)" stroke="#1f4e79"', svg)
    return str(path).count("M")


def test_a_period_without_a_number_breaks_the_line_and_is_no_zero() -> None:
    whole = _chart([3, 4, 5, 6, 7, 8], [None] * 6)
    broken = _chart([3, 4, None, 6, 7, 8], [None] * 6)
    assert _runs(whole) == 1
    assert _runs(broken) == 2
    # Before the first number and after the last there is nothing to leave a gap in.
    assert _runs(_chart([None, 3, 4, 5, 6, None], [None] * 6)) == 1


def test_a_year_stands_below_its_own_figure() -> None:
    svg = _chart([3, 4, 5], [None] * 3)
    axis = dict(re.findall(r"translate\(([\d.]+),15\)[^>]*>(20\d\d)<", svg))
    points = re.findall(r'at: (20\d\d); actual[^>]*"point" transform="translate\(([\d.]+),', svg)
    assert [year for year, _ in points] == ["2020", "2021", "2022"] == list(axis.values())
    for (_, at), tick in zip(points, axis, strict=True):
        assert abs(float(at) - float(tick)) < 1


def test_things_that_are_counted_have_no_halves() -> None:
    def ticks(svg: str) -> list[str]:
        return re.findall(r'text-anchor="end" transform="translate\(-7,[^>]*>([^<]*)<', svg)

    assert ticks(_chart([0, 0, 1], [None] * 3, target_low=1, baseline_value=None)) == ["0", "1"]
    many = ticks(_chart([0, 40, 100], [None] * 3, target_low=90, baseline_value=None))
    assert len(set(many)) == len(many) > 2
    assert all(text.isdigit() for text in many)


def test_the_rules_are_told_apart_also_where_the_target_lies_below() -> None:
    def height(svg: str, word: str) -> float:
        found = re.search(rf"translate\([^,]+,([\d.-]+)\)[^>]*>{word}<", svg)
        assert found, word
        return float(found[1])

    above = _chart([3, 4], [None, None], baseline_value=Decimal("9.9"))
    assert height(above, "目标") < height(above, "基期") - 8
    below = _chart([3, 4], [None, None], baseline_value=Decimal("10.1"))
    assert height(below, "基期") < height(below, "目标") - 8
