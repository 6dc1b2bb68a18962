"""Charts of targets: actual against path, target and baseline, set in the bundled font."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

FONTS = Path(__file__).parent / "fonts"
FONT = "Qiangshi Sans"
_VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
# Told apart by shape and dash too, for those who print in black or see no colours.
ACTUAL, EXPECTED, GOAL, BASE = "#1f4e79", "#6b6b6b", "#b03a2e", "#7d5a00"
GOAL_ZH, BASE_ZH = "目标", "基期"
WIDTH, HEIGHT = 300, 150
_FEW = 6


def target_chart(row: Mapping[str, Any], series: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The Vega-Lite spec of one target: its series, the path, and rules at target and baseline.

    The higher of both is told above its line, the lower below: a target may lie under its baseline.
    """
    spec = copy.deepcopy(_template())
    low, base = row["target_low"], row["baseline_value"]
    is_down = low is not None and base is not None and low < base
    spec["datasets"] = {
        "points": [
            {
                "at": one["period_end"].isoformat(),
                "actual": _number(one["actual_value"]),
                "expected": _number(one["expected_value"]),
            }
            for one in known_span(series)
        ],
        "rules": [
            {"value": float(row[column]), "word": word, "is_upper": (word == GOAL_ZH) != is_down}
            for column, word in (("target_low", GOAL_ZH), ("baseline_value", BASE_ZH))
            if row[column] is not None and series
        ],
    }
    # A year is told below its end, where its figure stands.
    years = sorted({one["period_end"].year for one in known_span(series)})
    for layer in spec["layer"][:2]:
        layer["encoding"]["x"]["axis"]["values"] = [
            {"year": year, "month": 12, "date": 31, "utc": True} for year in years
        ]
    told = [point[name] for point in spec["datasets"]["points"] for name in ("actual", "expected")]
    told += [rule["value"] for rule in spec["datasets"]["rules"]]
    spec["layer"][0]["encoding"]["y"]["axis"] |= _whole_ticks(told)
    return spec


def _whole_ticks(told: Sequence[float | None]) -> dict[str, Any]:
    """Ticks of things that are counted: they have no halves. Nothing for what is measured."""
    known = [value for value in told if value is not None]
    if not known or any(value != int(value) for value in known):
        return {}
    low, high = int(min(known)), int(max(known))
    few = {"values": list(range(low, high + 1))} if high - low < _FEW else {}
    return {"format": ",d"} | few


def known_span(series: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The series from its first to its last period with a number; gaps within stay gaps."""
    known = [
        n for n, one in enumerate(series)
        if one["actual_value"] is not None or one["expected_value"] is not None
    ]  # fmt: skip
    return series[known[0] : known[-1] + 1] if known else ()


@cache
def _template() -> dict[str, Any]:
    """The chart without its data: made once, since making it costs as much as drawing it."""
    time = alt.X("at:T", title=None, axis=alt.Axis(format="%Y", labelAngle=0))
    points = alt.Chart(alt.NamedData("points")).encode(x=time)
    rules = alt.Chart(alt.NamedData("rules")).encode(y="value:Q")
    words = [GOAL_ZH, BASE_ZH]
    colour = alt.Color("word:N", scale=alt.Scale(domain=words, range=[GOAL, BASE]), legend=None)
    dash = alt.StrokeDash(
        "word:N", scale=alt.Scale(domain=words, range=[[1, 0], [2, 2]]), legend=None
    )
    chart = alt.layer(
        # A period without a number breaks the line: it is no zero, and nothing is drawn across it.
        points.mark_line(
            color=ACTUAL,
            point={"color": ACTUAL, "size": 16},
            invalid="break-paths-filter-domains",
        ).encode(y=alt.Y("actual:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis())),
        points.transform_filter("datum.expected != null")
        .mark_line(color=EXPECTED, strokeDash=[4, 3])
        .encode(y="expected:Q"),
        rules.mark_rule(size=1.2).encode(color=colour, strokeDash=dash),
        # Beside the plot, where no line runs through them; two that are near stand clear.
        *(
            rules.transform_filter(f"datum.is_upper === {str(is_upper).lower()}")
            .mark_text(align="left", baseline="middle", dx=4, dy=-5 if is_upper else 6)
            .encode(color=colour, text="word:N", x=alt.value(WIDTH))
            for is_upper in (True, False)
        ),
    ).properties(width=WIDTH, height=HEIGHT, background="white")
    spec: dict[str, Any] = chart.configure(font=FONT).configure_axis(
        grid=True, gridColor="#eeeeee", domainColor="#888888", tickColor="#888888"
    ).to_dict()  # fmt: skip
    return spec


def svg_of(spec: Mapping[str, Any], number: int) -> str:
    """A chart as SVG to be set into a page; ids are made its own by `number`."""
    _ready()
    text: str = vl_convert.vegalite_to_svg(dict(spec), vl_version=_VERSION, allowed_base_urls=[])
    text = re.sub(r'\bid="([^"]+)"', rf'id="c{number}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#c{number}-\1)", text)
    return text.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def png_of(spec: Mapping[str, Any], scale: float = 2.0) -> bytes:
    """A chart as PNG, for documents."""
    _ready()
    data: bytes = vl_convert.vegalite_to_png(
        dict(spec), vl_version=_VERSION, scale=scale, allowed_base_urls=[]
    )
    return data


@cache
def _ready() -> None:
    vl_convert.register_font_directory(str(FONTS))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
