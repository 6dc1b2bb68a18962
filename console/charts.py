"""Small drawings as SVG made on the server: no script, no style attribute, printable."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

_WIDTH, _HEIGHT, _EDGE = 96, 22, 3


def sparkline(values: Sequence[Decimal | float | None], label_zh: str = "") -> Markup:
    """The course of a figure; a gap where there was none. Empty below two known points."""
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    step = (_WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    parts: list[list[str]] = [[]]
    last = (0.0, 0.0)
    for place, value in enumerate(values):
        if value is None:
            parts.append([])
            continue
        last = (
            _EDGE + place * step,
            _HEIGHT - _EDGE - (float(value) - low) / span * (_HEIGHT - 2 * _EDGE),
        )
        parts[-1].append(f"{last[0]:.1f},{last[1]:.1f}")
    lines = Markup("").join(
        Markup('<polyline points="{}"/>').format(" ".join(part)) for part in parts if len(part) > 1
    )
    return Markup(
        '<svg class="spark" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img"'
        ' aria-label="{label}">{lines}<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/></svg>'
    ).format(w=_WIDTH, h=_HEIGHT, label=label_zh or "走势", lines=lines, x=last[0], y=last[1])


def progress_bar(percent: float | Decimal | None, label_zh: str, kind: str = "") -> Markup:
    """How far a figure has come, in percent of its target; a mark at the target itself.

    The bar ends at 120 %: what lies beyond is told by the number beside it.
    """
    if percent is None:
        return Markup("")
    part = max(0.0, min(float(percent), 120.0)) / 120 * 100
    return Markup(
        '<svg class="bar {kind}" width="100" height="10" viewBox="0 0 100 10" role="img"'
        ' aria-label="{label}"><rect class="track" x="0" y="2" width="100" height="6"/>'
        '<rect class="fill" x="0" y="2" width="{part:.1f}" height="6"/>'
        '<line class="goal" x1="83.3" x2="83.3" y1="0" y2="10"/></svg>'
    ).format(kind=kind, label=label_zh, part=part)
