"""What a form says it is: hidden sheet first, then the printed labels; both must agree.

What lives here: form, version, unit, period, nil return, the people of the footer. Where the
values stand is found in `layouts`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sources.contract import FormIdentity
from sources.definitions import Definitions, FormVersion, Unit
from sources.errors import (
    FormVersionMismatch,
    UnitMismatch,
    UnknownForm,
    UnknownPeriod,
    UnknownUnit,
)
from sources.periods import Period, PeriodError, parse_period, period_of
from sources.readers.grid import Cell
from sources.succession import body_in, body_of

IDENTITY_SHEET = "_qiangshi"
HIDDEN_PREFIX = "_"
DEMO_STAMP_ZH = "演示数据"
PEOPLE_LABELS_ZH = ("单位负责人", "统计负责人", "填表人", "联系电话", "报出日期")
FOOTER_LABELS_ZH = (*PEOPLE_LABELS_ZH, "说明", "填表说明", "注")

_FORM, _UNIT_NAME, _UNIT_CODE, _PERIOD, _NIL = "表号", "填报单位", "单位代码", "报告期", "零报告"
_LABELS = (_FORM, _UNIT_NAME, _UNIT_CODE, _PERIOD, _NIL, *PEOPLE_LABELS_ZH)
_SHORT = 64
_DASHES = str.maketrans(dict.fromkeys("—–−―‐", "-"))
_YES = {"是", "true", "1", "√", "y", "yes"}
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_PERIOD_ZH = re.compile(
    r"(\d{4})年(?:度|第?([1-4一二三四])季度?|([上下])半年|(?:1[-至])?0?([1-9]|1[0-2])月份?)?"
)
_PERIOD_LOOSE = re.compile(r"(\d{4})[-/.](0?[1-9]|1[0-2])")


@dataclass(frozen=True)
class Label:
    """A printed label's text and where it stands."""

    text: str
    sheet: str
    cell: str


def normalised(text: str | None) -> str:
    """A text as it is compared: half-width, without blanks, dashes alike, lower case."""
    if not text:
        return ""
    return _folded(text) if len(text) <= _SHORT else _folded.__wrapped__(text)


# The same few hundred headers, items and labels stand in every file of a form.
@lru_cache(maxsize=16384)
def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().translate(_DASHES).split())


def rows_of(cells: Iterable[Cell]) -> dict[str, dict[int, dict[int, Cell]]]:
    """Cells by sheet, row and column."""
    sheets: dict[str, dict[int, dict[int, Cell]]] = {}
    for cell in cells:
        sheets.setdefault(cell.sheet, {}).setdefault(cell.row_no, {})[cell.column_no] = cell
    return sheets


def read_period(text: str) -> Period | None:
    """The period of an SDMX code or of its Chinese wording; None when it is neither."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        return parse_period(plain)
    except PeriodError:
        pass
    plain = "".join(plain.split()).replace("—", "-").replace("–", "-")
    if match := _PERIOD_ZH.fullmatch(plain):
        year = int(match[1])
        if match[2]:
            return period_of("quarter", year, _QUARTERS[match[2]])
        if match[3]:
            return period_of("half", year, 1 if match[3] == "上" else 2)
        return period_of("month", year, int(match[4])) if match[4] else period_of("year", year)
    if match := _PERIOD_LOOSE.fullmatch(plain):
        return period_of("month", int(match[1]), int(match[2]))
    return None


def _labels(sheets: Mapping[str, Mapping[int, Mapping[int, Cell]]]) -> dict[str, Label]:
    """The first text beside (or in the cell of) each printed label of the visible sheets."""
    found: dict[str, Label] = {}
    for sheet, rows in sheets.items():
        if sheet.startswith(HIDDEN_PREFIX):
            continue
        for row in rows.values():
            places = sorted(row)
            for position, column in enumerate(places):
                label, inline = _label_in(row[column].text)
                if label is None or label in found:
                    continue
                if inline:
                    found[label] = Label(inline, sheet, row[column].cell)
                elif position + 1 < len(places):
                    beside = row[places[position + 1]]
                    if beside.text and _label_in(beside.text)[0] is None:
                        found[label] = Label(beside.text.strip(), sheet, beside.cell)
    return found


def _label_in(text: str | None) -> tuple[str | None, str]:
    """The label a cell is, and the text that follows it in the same cell."""
    text = (text or "").strip()
    if not text or text[0].isascii():
        return None, ""
    head, _, tail = text.replace("︰", "：").replace(":", "：").partition("：")
    plain = normalised(head)
    return (plain, tail.strip()) if plain in _LABELS else (None, "")


def _hidden(sheets: Mapping[str, Mapping[int, Mapping[int, Cell]]]) -> dict[str, Label]:
    """Key and value rows of the hidden sheet."""
    found: dict[str, Label] = {}
    for row in sheets.get(IDENTITY_SHEET, {}).values():
        key, value = row.get(0), row.get(1)
        if key and value and key.text and value.text:
            found[key.text.strip()] = Label(value.text.strip(), value.sheet, value.cell)
    return found


def identify(cells: Sequence[Cell], definitions: Definitions) -> FormIdentity:
    """Form, version, unit and period of a filed form.

    Raises:
        UnknownForm, UnknownUnit, UnitMismatch, UnknownPeriod, FormVersionMismatch: as named.
    """
    sheets = rows_of(cells)
    hidden, labels = _hidden(sheets), _labels(sheets)
    form_code = _form_code(hidden, labels, definitions)
    body = _unit(hidden, labels, definitions)
    period = _period(hidden, labels)
    # An old code or name, or today's in a form of the past, means the body as it was then.
    unit = body_in(body, period, definitions)
    version = _version(form_code, hidden.get("form_version"), period, definitions)
    stamped = any(
        DEMO_STAMP_ZH in (cell.text or "")
        for sheet, rows in sheets.items()
        if not sheet.startswith(HIDDEN_PREFIX)
        for cell in rows.get(min(rows), {}).values()
    )
    told = hidden.get("is_synthetic")
    return FormIdentity(
        form_code=form_code,
        form_version=version.form_version,
        unit_code=unit.unit_code,
        period_code=period.code,
        is_synthetic=stamped or (told is not None and told.text.lower() == "true"),
        is_nil_return=normalised(labels[_NIL].text) in _YES if _NIL in labels else False,
        layout_code=version.layout_code,
        form_kind=version.form_kind,
        people={name: labels[name].text for name in PEOPLE_LABELS_ZH if name in labels},
    )


def _form_code(
    hidden: Mapping[str, Label], labels: Mapping[str, Label], definitions: Definitions
) -> str:
    filed = [form for form in definitions.form_versions if form.form_kind != "authority"]
    codes = {form.form_code for form in filed}
    known = sorted({form.form_number for form in filed if form.form_number})
    by_name = {normalised(form.form_code): form.form_code for form in filed}
    by_name |= {normalised(form.form_number): form.form_code for form in filed if form.form_number}
    told, printed = hidden.get("form_code"), labels.get(_FORM)
    from_sheet = told.text if told and told.text in codes else None
    from_label = by_name.get(normalised(printed.text)) if printed else None
    for said, code in ((told, from_sheet), (printed, from_label)):
        if said is not None and code is None:
            raise UnknownForm(said.text, known=known, sheet=said.sheet, cell=said.cell)
    if from_sheet and from_label and from_sheet != from_label and told and printed:
        raise UnknownForm(
            printed.text,
            reason_zh=f"表内印的表号是“{printed.text}”，与模板内置的报表 {told.text} 不一致",
            known=known, sheet=printed.sheet, cell=printed.cell,
        )  # fmt: skip
    code = from_sheet or from_label
    if code is None:
        raise UnknownForm(None, known=known)
    return code


def _unit(
    hidden: Mapping[str, Label], labels: Mapping[str, Label], definitions: Definitions
) -> Unit:
    told, printed = hidden.get("unit_code"), labels.get(_UNIT_CODE)
    for said in (told, printed):
        if said is not None and body_of(normalised(said.text).upper(), definitions) is None:
            raise UnknownUnit(said.text, sheet=said.sheet, cell=said.cell)
    said_codes = [normalised(said.text).upper() for said in (told, printed) if said is not None]
    codes = [unit.unit_code for code in said_codes if (unit := body_of(code, definitions))]
    name = labels.get(_UNIT_NAME)
    named = _units_named(name.text, definitions) if name else []
    if not codes:
        if name is None:
            raise UnknownUnit(None)
        if len(named) != 1:
            raise UnknownUnit(name.text, sheet=name.sheet, cell=name.cell)
        return named[0]
    if len(set(codes)) > 1 and told and printed:
        raise UnitMismatch(
            printed.text, told.text, sheet=printed.sheet, cell=printed.cell,
            reason_zh=f"表内印的单位代码是“{printed.text}”，与模板内置的单位 {told.text} 不一致",
        )  # fmt: skip
    unit = definitions.units[codes[0]]
    if name and named and unit not in named:
        raise UnitMismatch(
            name.text, unit.unit_name_zh, sheet=name.sheet, cell=name.cell,
            reason_zh=f"填报单位“{name.text}”与单位代码 {unit.unit_code}"
            f"（{unit.unit_name_zh}）不一致",
        )  # fmt: skip
    return unit


def _units_named(text: str, definitions: Definitions) -> list[Unit]:
    """The bodies of a name, each once however many codes it had."""
    name = normalised(text)
    bodies = {
        body.unit_code: body
        for unit in definitions.units.values()
        if name in {normalised(known) for known in (unit.unit_name_zh, *unit.aliases_zh)}
        and (body := body_of(unit.unit_code, definitions))
    }
    return list(bodies.values())


def _period(hidden: Mapping[str, Label], labels: Mapping[str, Label]) -> Period:
    told, printed = hidden.get("period_code"), labels.get(_PERIOD)
    read: list[Period] = []
    for said in (told, printed):
        if said is not None:
            period = read_period(said.text)
            if period is None:
                raise UnknownPeriod(said.text, sheet=said.sheet, cell=said.cell)
            read.append(period)
    if not read:
        raise UnknownPeriod(None)
    if len(set(read)) > 1 and told and printed:
        raise UnknownPeriod(
            printed.text, sheet=printed.sheet, cell=printed.cell, expected_text=told.text,
            reason_zh=f"表内印的报告期是“{printed.text}”，与模板内置的报告期 {told.text} 不一致",
        )  # fmt: skip
    return read[0]


def _version(
    form_code: str, told: Label | None, period: Period, definitions: Definitions
) -> FormVersion:
    versions = [form for form in definitions.form_versions if form.form_code == form_code]
    in_force = definitions.form(form_code, period)
    chosen = next((v for v in versions if told and v.form_version == told.text), None)
    if told is not None and (chosen is None or not chosen.covers(period)):
        raise FormVersionMismatch(
            form_code, told.text, period.code,
            valid_from=chosen.valid_from if chosen else None,
            valid_to=chosen.valid_to if chosen else None,
            expected_version=in_force.form_version if in_force else None,
        )  # fmt: skip
    version = chosen or in_force
    if version is None:
        last = versions[-1]
        raise FormVersionMismatch(
            form_code, last.form_version, period.code,
            valid_from=last.valid_from, valid_to=last.valid_to,
        )  # fmt: skip
    if period.period_type != version.frequency:
        raise UnknownPeriod(
            period.code,
            reason_zh=f"报告期“{period.code}”与报表 {form_code} 的报告频率不符",
            expected_text={"month": "月", "quarter": "季度", "half": "半年", "year": "年"}.get(
                version.frequency
            ),
        )
    return version
