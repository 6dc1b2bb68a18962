"""A table ready to be printed, before it is a sheet, a paper or a text: the same for all three."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from warehouse.exports.printing import NONE_ZH, rounded
from warehouse.exports.query import PCT_DECIMALS, Cell, Line, QueryTable
from warehouse.exports.records import CODE_LABEL_ZH
from warehouse.exports.selection import MEASURES

SYNTHETIC_ZH = "演示数据，非真实统计"
MARKS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


@dataclass(frozen=True)
class Entry:
    """One cell: its printed text with the mark of its footnote; its number where it is one."""

    text: str
    number: Decimal | None = None
    decimals: int = 0
    mark: str = ""


@dataclass(frozen=True)
class Page:
    """Title, lines under it, headings in one or two rows, body, notes and the short code."""

    title: str
    subtitle: str
    fixed: tuple[str, ...]
    """Headings of the columns that name a row."""
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    """Headings over columns of numbers, with the headings below each."""
    rows: tuple[tuple[Entry, ...], ...]
    notes: tuple[str, ...]
    code: str
    is_synthetic: bool
    fixed_rows: int = 2
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.fixed) + sum(len(below) for _, below in self.groups)

    @property
    def code_line(self) -> str:
        """The line that bears the short code."""
        return f"{CODE_LABEL_ZH}：{self.code}（qiangshi verify {self.code} 可查本表现在是否有变化）"


def page_of(table: QueryTable, code: str, title: str | None = None) -> Page:
    """The printed form of an answer."""
    notes = _Notes()
    selection = table.selection
    rows = []
    for line in table.lines:
        entries = [Entry(line.unit_name_zh), Entry(line.indicator_zh), Entry(line.unit_zh)]
        for cell in line.cells.values():
            mark = notes.mark(_remark(cell, table.release_id))
            first, *others = selection.measures
            entries.append(_entry(line, cell, first, mark))
            entries += [_entry(line, cell, measure, "") for measure in others]
        rows.append(tuple(entries))
    stamp = f"【{SYNTHETIC_ZH}】" if table.is_synthetic else ""
    return Page(
        title=title or default_title(table),
        subtitle=f"截至 {table.as_of.isoformat()}　发布号 {table.release_id}{stamp}",
        fixed=("单位", "指标", "计量单位"),
        groups=tuple(
            (label, tuple(MEASURES[measure] for measure in selection.measures))
            for label in table.period_labels.values()
        ),
        rows=tuple(rows),
        notes=tuple(notes.told()) + _general(table),
        code=code,
        is_synthetic=table.is_synthetic,
    )


def default_title(table: QueryTable) -> str:
    """What the table is about, where nobody gave it a title."""
    indicators = list(dict.fromkeys(line.indicator_zh for line in table.lines))
    periods = "、".join(table.period_labels.values())
    named = "、".join(indicators[:2]) + (f"等 {len(indicators)} 项指标" if indicators[2:] else "")
    return f"{periods}{named}"


def _entry(line: Line, cell: Cell, measure: str, mark: str) -> Entry:
    text = line.text(cell.period_code, measure)
    value = cell.of(measure)
    if value is None or isinstance(value, str):
        return Entry(text + mark)
    if measure.endswith("_pct"):
        return Entry(text, rounded(value, PCT_DECIMALS), PCT_DECIMALS)
    number = rounded(value, line.decimals, line.rounding_mode)
    return Entry(text + mark, number, line.decimals, mark)


def _remark(cell: Cell, release_id: str) -> str | None:
    """What must be said of a number beside it."""
    said = []
    own = cell.facts.get("release_id")
    if own not in (None, release_id):
        said.append(f"本市被发布关卡拦下，沿用 {own} 发布的数")
    if cell.reason_zh:
        said.append(f"{NONE_ZH}：{cell.reason_zh}")
    if cell.is_partial:
        facts = cell.facts
        told = f"未报齐，{facts['expected_units']} 个单位中 {facts['reported_units']} 个已报"
        missing = facts.get("missing_units_zh")
        said.append(told + (f"，缺 {missing}" if missing else ""))
    if cell.facts.get("is_provisional") and cell.has_number:
        said.append("初步数，尚未全部接收")
    return "；".join(said) or None


class _Notes:
    """Footnotes in the order they are first needed; the same words are one note."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}

    def mark(self, remark: str | None) -> str:
        if remark is None:
            return ""
        number = len(self._marks)
        new = MARKS[number] if number < len(MARKS) else f"[{number + 1}]"
        return self._marks.setdefault(remark, new)

    def told(self) -> list[str]:
        return [f"{mark} {remark}。" for remark, mark in self._marks.items()]


def _general(table: QueryTable) -> tuple[str, ...]:
    asked = table.selection.measures
    said = [f"{NONE_ZH} 表示无数或不适用，不是零。"]
    if "ytd" in asked and len(asked) > 1:
        rest = "、".join(MEASURES[one].removesuffix("（%）") for one in asked if one != "ytd")
        said.append(f"累计：自年初至该期末；同一期的{rest}只说该期，不是年初以来的。")
    if "rank" in asked:
        said.append(
            "位次：地级市在本系统各市之间，旗县区在本市各旗县区之间，只在已有数的单位中排列；"
            "“3/9”为九个中的第三。"
        )
    if "share_pct" in asked:
        said.append("占比：占全市合计的百分比，只用于可以相加的指标。")
    if table.not_public:
        said.append(f"含不公开的指标，仅供内部使用，不得对外提供：{'、'.join(table.not_public)}。")
    return tuple(said)
