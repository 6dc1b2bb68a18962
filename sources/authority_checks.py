"""Whether a release agrees with itself: its sums (A01, A02, A03) and its shares (A04)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from itertools import combinations

from sources.contract import SheetCheck
from sources.definitions import Definitions
from sources.numbers import canonical
from sources.readers.grid import Cell

TOTAL_ZH = "合计"
REGION = "region"
_HUNDRED = Decimal(100)

Key = tuple[str, ...]
"""The printed names of a figure, one per dimension of the release."""

Margins = dict[Key, tuple[Decimal, Cell]]
"""The figures of one area and period."""

Shares = dict[Key, Cell]
"""The printed shares (占比) of one area and period."""

Place = tuple[str, str]
"""Area and period."""


def failed_sums(
    margins: Mapping[Place, Margins], elements: Mapping[Key, str], definitions: Definitions
) -> Iterator[SheetCheck]:
    """Failed sums: parts along each printed dimension (A01 last, A02 first), areas (A03)."""
    width = max((len(key) for key in elements), default=0)
    if width < 2:
        return
    for rule_id, dimension in (("A01", width - 1), ("A02", 0)):
        parts = sorted({key[dimension] for key in elements} - {TOTAL_ZH})
        for (area, _), values in margins.items():
            name = definitions.units[area].unit_name_zh
            for key, (total, cell) in values.items():
                if key[dimension] != TOTAL_ZH:
                    continue
                along = [(*key[:dimension], part, *key[dimension + 1 :]) for part in parts]
                if all(part in values for part in along):
                    added = sum((values[part][0] for part in along), Decimal(0))
                    if total != added:
                        told = _sum_told(name, key, cell, total, added, "、".join(parts) + "之和")
                        yield _check(rule_id, area, key, cell, total, added, told, elements)
    yield from _failed_areas(margins, elements, definitions)


def _failed_areas(
    margins: Mapping[Place, Margins], elements: Mapping[Key, str], definitions: Definitions
) -> Iterator[SheetCheck]:
    """Totals of a region that its cities' figures do not add up to (A03)."""
    for (area, period), printed in margins.items():
        if definitions.units[area].level != REGION:
            continue
        name = definitions.units[area].unit_name_zh
        members = [v for (a, p), v in margins.items() if p == period and a != area]
        for key, (total, cell) in printed.items():
            if members and all(key in values for values in members):
                added = sum((values[key][0] for values in members), Decimal(0))
                if total != added:
                    said = f"{len(members)} 个盟市合计"
                    told = _sum_told(name, key, cell, total, added, said)
                    yield _check("A03", area, key, cell, total, added, told, elements)


def failed_shares(
    margins: Mapping[Place, Margins],
    shares: Mapping[Place, Shares],
    elements: Mapping[Key, str],
    definitions: Definitions,
) -> Iterator[SheetCheck]:
    """Shares that are of none of the totals they stand under (A04): share × total is the part.

    A table that prints one total and takes its shares from another has mixed bases. A share is
    asked of every total printed above its part; where none is printed it cannot be asked.
    """
    for (area, period), printed in shares.items():
        values = margins.get((area, period), {})
        name = definitions.units[area].unit_name_zh
        for key, cell in printed.items():
            bases = [base for base in _totals_above(key) if base in values]
            if key not in values or not bases:
                continue
            part = values[key][0]
            share = _percent(cell.text)
            if share is not None and any(_is_share(part, share, values[b][0]) for b in bases):
                continue
            whole = bases[-1]
            total = values[whole][0]
            message = (
                f"工作表“{cell.sheet}”单元格 {cell.cell}：{name}“{'/'.join(key)}”"
                f"占比印为 {cell.text}，"
                f"而 {canonical(part)} 占“{'/'.join(whole)}”（{canonical(total)}）的 "
                f"{_share_text(part, total)}。{_implied(part, share)}"
                "请核对占比所用的基数是否就是表中的合计"
            )
            yield SheetCheck(
                "A04", cell.sheet, cell.cell, area, elements.get(key), cell.text or "",
                _share_text(part, total), message,
            )  # fmt: skip


def _totals_above(key: Key) -> Iterable[Key]:
    """The totals a figure is a part of, the nearest first, the whole last."""
    open_places = [place for place, name in enumerate(key) if name != TOTAL_ZH]
    for count in range(1, len(open_places) + 1):
        for places in combinations(open_places, count):
            yield tuple(TOTAL_ZH if n in places else name for n, name in enumerate(key))


def _is_share(part: Decimal, share: Decimal, total: Decimal) -> bool:
    """Whether a printed share is that of the part, rounded or cut at its last digit."""
    if total == 0:
        return part == 0 and share == 0
    last_digit = Decimal(1).scaleb(int(share.as_tuple().exponent))
    return abs(_HUNDRED * part / total - share) < last_digit


def _percent(text: str | None) -> Decimal | None:
    try:
        share = Decimal((text or "").strip().rstrip("%％").strip())
    except InvalidOperation:
        return None
    return share if share.is_finite() else None


def _share_text(part: Decimal, total: Decimal) -> str:
    return f"{_HUNDRED * part / total:.2f}%" if total else "（合计为 0，没有占比）"


def _implied(part: Decimal, share: Decimal | None) -> str:
    if not share:
        return ""
    return f"按所印占比推算，基数约为 {_HUNDRED * part / share:.0f}。"


def _sum_told(name: str, key: Key, cell: Cell, total: Decimal, added: Decimal, said: str) -> str:
    return (
        f"工作表“{cell.sheet}”单元格 {cell.cell}：{name}“{'/'.join(key)}”印为 {canonical(total)}，"
        f"{said}为 {canonical(added)}，相差 {canonical(total - added)}。请与发布原文核对"
    )


def _check(
    rule_id: str,
    area: str,
    key: Key,
    cell: Cell,
    total: Decimal,
    added: Decimal,
    message: str,
    elements: Mapping[Key, str],
) -> SheetCheck:
    return SheetCheck(
        rule_id, cell.sheet, cell.cell, area, elements.get(key), canonical(total),
        canonical(added), message,
    )  # fmt: skip
