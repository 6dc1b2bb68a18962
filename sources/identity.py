"""What a form says it is: hidden sheet first, then the printed labels; all must agree.

What lives here: form, version, unit, period, nil return, the people of the footer, and which sheets
of a workbook are a form each. Where the values stand is found in `layouts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sources.contract import FormIdentity
from sources.definitions import Definitions, FormVersion, Unit
from sources.errors import (
    FormVersionMismatch,
    PeriodMismatch,
    SourceError,
    UnitMismatch,
    UnknownForm,
    UnknownPeriod,
    UnknownUnit,
)
from sources.labels import FORM, NIL, PERIOD, UNIT_CODE, UNIT_NAME, Label, Labels, labels_of
from sources.period_texts import period_in_name, read_period, serial_day
from sources.periods import Period
from sources.readers.grid import HIDDEN_SHEET, Cell
from sources.succession import body_in, body_of
from sources.texts import normalised, shown

__all__ = ["FormSheets", "form_sheets", "identify", "normalised", "read_period", "rows_of"]

IDENTITY_SHEET = "_qiangshi"
HIDDEN_PREFIX = "_"
DEMO_STAMP_ZH = "演示数据"
_YES = {"是", "true", "1", "√", "y", "yes"}
_FREQUENCY_ZH = {"month": "月", "quarter": "季度", "half": "半年", "year": "年"}

Rows = Mapping[int, Mapping[int, Cell]]


@dataclass(frozen=True)
class FormSheets:
    """The sheets of one form in a workbook.

    Attributes:
        sheets: the visible sheets that may hold its labels and its table.
        hidden: what the template wrote about it in the hidden sheet.
        labels: what is printed on those sheets.
        sheet: the sheet that prints the form's number, if one does.
        is_one_of_several: whether the workbook holds other forms beside it.
    """

    sheets: Mapping[str, Rows]
    hidden: Mapping[str, Label]
    labels: Labels
    sheet: str | None = None
    is_one_of_several: bool = False


def rows_of(cells: Iterable[Cell]) -> dict[str, dict[int, dict[int, Cell]]]:
    """Cells by sheet, row and column."""
    sheets: dict[str, dict[int, dict[int, Cell]]] = {}
    row: dict[int, Cell] = {}
    sheet, row_no = "", -1
    for cell in cells:
        if cell[1] != row_no or cell[0] != sheet:
            sheet, row_no = cell[0], cell[1]
            row = sheets.setdefault(sheet, {}).setdefault(row_no, {})
        row[cell[2]] = cell
    return sheets


def is_shown(name: str, rows: Rows) -> bool:
    """Whether a sheet is one that the clerk sees; the template's own sheets begin with `_`."""
    first = next(iter(next(iter(rows.values())).values()))
    return not name.startswith(HIDDEN_PREFIX) and first.issue_code != HIDDEN_SHEET


def form_sheets(everything: Mapping[str, Rows], definitions: Definitions) -> list[FormSheets]:
    """The forms of a workbook: one per sheet that prints a form's number, else one for all.

    Raises:
        UnknownForm: everything stands in hidden sheets.
    """
    hidden = _hidden(everything)
    shown = {name: rows for name, rows in everything.items() if is_shown(name, rows)}
    if not shown:
        kept_back = [name for name in everything if not name.startswith(HIDDEN_PREFIX)]
        if kept_back:
            raise UnknownForm(
                None, sheet=kept_back[0],
                reason_zh=f"报表所在的工作表“{kept_back[0]}”被隐藏，看得见的工作表都是空的",
            )  # fmt: skip
    labels = {name: labels_of({name: rows}, definitions.marks) for name, rows in shown.items()}
    numbered = [name for name in shown if labels[name].get(FORM)]
    if len(numbered) < 2:
        together: dict[str, tuple[Label, ...]] = {}
        for said in labels.values():
            for label, places in said.items():
                together[label] = (*together.get(label, ()), *places)
        return [FormSheets(shown, hidden, together, numbered[0] if numbered else None)]
    host = _host(hidden, {name: labels[name] for name in numbered}, definitions)
    common = {key: said for key, said in hidden.items() if key in ("unit_code", "is_synthetic")}
    return [
        FormSheets(
            {name: shown[name]}, hidden if name == host else common, labels[name], name, True
        )
        for name in numbered
    ]


def _host(
    hidden: Mapping[str, Label], labels: Mapping[str, Labels], definitions: Definitions
) -> str | None:
    """The sheet the hidden sheet speaks of: of its form and period, else of its form, else any."""
    told = hidden.get("form_code")
    if told is None:
        return None
    by_name = _forms_by_name(definitions)
    same = [n for n in labels if by_name.get(normalised(labels[n][FORM][0].text)) == told.text]
    period = hidden.get("period_code")
    for name in same:
        printed = labels[name].get(PERIOD)
        if period is None or printed is None:
            return name
        read = read_period(printed[0].text, _frequency(told.text, definitions))
        if read is not None and read.code == period.text:
            return name
    return next(iter(same or labels))


def _hidden(sheets: Mapping[str, Rows]) -> dict[str, Label]:
    """Key and value rows of the hidden sheet."""
    found: dict[str, Label] = {}
    for row in sheets.get(IDENTITY_SHEET, {}).values():
        key, value = row.get(0), row.get(1)
        if key and value and key.text and value.text:
            found[key.text.strip()] = Label(value.text.strip(), value.sheet, value.cell)
    return found


def identify(
    form: FormSheets | Sequence[Cell], definitions: Definitions, file_name: str = ""
) -> FormIdentity:
    """Form, version, unit and period of a filed form (of a workbook's first, if given its cells).

    The file's name is no source of a period, but where it tells one it must be the form's; among
    several forms of a workbook it may be any one's.

    Raises:
        UnknownForm, UnknownUnit, UnitMismatch, UnknownPeriod, PeriodMismatch, FormVersionMismatch:
            as named.
    """
    if not isinstance(form, FormSheets):
        form = form_sheets(rows_of(form), definitions)[0]
    hidden, labels = form.hidden, form.labels
    form_code = _form_code(form, definitions)
    body = _unit(hidden, labels, definitions)
    name = "" if form.is_one_of_several else file_name
    period = _period(hidden, labels, _frequency(form_code, definitions), name)
    # An old code or name, or today's in a form of the past, means the body as it was then.
    unit = body_in(body, period, definitions)
    version = _version(form_code, hidden.get("form_version"), period, definitions)
    stamped = any(
        DEMO_STAMP_ZH in (cell.text or "")
        for rows in form.sheets.values()
        for cell in rows.get(min(rows), {}).values()
    )
    told = hidden.get("is_synthetic")
    nil = labels.get(NIL)
    return FormIdentity(
        form_code=form_code,
        form_version=version.form_version,
        unit_code=unit.unit_code,
        period_code=period.code,
        is_synthetic=stamped or (told is not None and told.text.lower() == "true"),
        is_nil_return=nil is not None and normalised(nil[0].text) in _YES,
        layout_code=version.layout_code,
        form_kind=version.form_kind,
        people={
            name: "；".join(dict.fromkeys(label.text for label in labels[name]))
            for name in definitions.marks.footer
            if name in labels
        },
        sheet=form.sheet,
        is_one_of_several=form.is_one_of_several,
    )


def told_form(form: FormSheets, definitions: Definitions) -> tuple[str | None, Period | None]:
    """Which form some sheets say they are, and of which period, as far as they tell it."""
    try:
        form_code = _form_code(form, definitions)
    except SourceError:
        return None, None
    try:
        return form_code, _period(form.hidden, form.labels, _frequency(form_code, definitions), "")
    except SourceError:
        return form_code, None


def _frequency(form_code: str, definitions: Definitions) -> str | None:
    return next((f.frequency for f in definitions.form_versions if f.form_code == form_code), None)


@lru_cache(maxsize=8)
def _forms_by_name(definitions: Definitions) -> Mapping[str, str]:
    filed = [form for form in definitions.form_versions if form.form_kind != "authority"]
    by_name = {normalised(form.form_code): form.form_code for form in filed}
    by_name |= {normalised(form.form_number): form.form_code for form in filed if form.form_number}
    return by_name


def _form_code(form: FormSheets, definitions: Definitions) -> str:
    filed = [one for one in definitions.form_versions if one.form_kind != "authority"]
    codes = {one.form_code for one in filed}
    known = sorted({one.form_number for one in filed if one.form_number})
    by_name = _forms_by_name(definitions)
    told, printed = form.hidden.get("form_code"), form.labels.get(FORM, ())
    read: list[tuple[Label, str]] = []
    if told is not None:
        if told.text not in codes:
            raise UnknownForm(told.text, known=known, sheet=told.sheet, cell=told.cell)
        read.append((told, told.text))
    for said in printed:
        code = by_name.get(normalised(said.text))
        if code is None:
            raise UnknownForm(said.text, known=known, sheet=said.sheet, cell=said.cell)
        read.append((said, code))
    if not read:
        raise UnknownForm(None, known=known, sheet=form.sheet)
    for said, code in read[1:]:
        if code != read[0][1]:
            first = read[0][0]
            theirs = (
                f"模板内置的报表 {first.text}" if told else f"另一处所印的“{first.text}”"
            )  # fmt: skip
            raise UnknownForm(
                said.text, reason_zh=f"表内印的表号是“{shown(said.text)}”，与{theirs}不一致",
                known=known, sheet=said.sheet, cell=said.cell,
            )  # fmt: skip
    return read[0][1]


def _unit(hidden: Mapping[str, Label], labels: Labels, definitions: Definitions) -> Unit:
    told, printed = hidden.get("unit_code"), labels.get(UNIT_CODE, ())
    said = [*([told] if told else []), *printed]
    codes = []
    for one in said:
        body = body_of(normalised(one.text).upper(), definitions)
        if body is None:
            raise UnknownUnit(one.text, sheet=one.sheet, cell=one.cell)
        codes.append(body.unit_code)
    names = labels.get(UNIT_NAME, ())
    if not codes:
        if not names:
            raise UnknownUnit(None)
        named = _units_named(names[0].text, definitions)
        if len(named) != 1:
            raise UnknownUnit(names[0].text, sheet=names[0].sheet, cell=names[0].cell)
        unit = named[0]
    else:
        unit = definitions.units[codes[0]]
    for one, code in zip(said, codes, strict=True):
        if code != unit.unit_code:
            theirs = f"模板内置的单位 {said[0].text}" if told else f"另一处所印的 {said[0].text}"
            raise UnitMismatch(
                one.text, said[0].text, sheet=one.sheet, cell=one.cell,
                reason_zh=f"表内印的单位代码是“{shown(one.text)}”，与{theirs}不一致",
            )  # fmt: skip
    for name in names:
        named = _units_named(name.text, definitions)
        if (named and unit not in named) or (not named and not codes):
            raise UnitMismatch(
                name.text, unit.unit_name_zh, sheet=name.sheet, cell=name.cell,
                reason_zh=f"填报单位“{shown(name.text)}”与单位代码 {unit.unit_code}"
                f"（{unit.unit_name_zh}）不一致",
            )  # fmt: skip
    return unit


def _units_named(text: str, definitions: Definitions) -> list[Unit]:
    """The bodies of a name, each once however many codes it had."""
    return list(_bodies_by_name(definitions).get(normalised(text), {}).values())


@lru_cache(maxsize=8)
def _bodies_by_name(definitions: Definitions) -> Mapping[str, Mapping[str, Unit]]:
    found: dict[str, dict[str, Unit]] = {}
    for unit in definitions.units.values():
        body = body_of(unit.unit_code, definitions)
        if body is not None:
            for known in (unit.unit_name_zh, *unit.aliases_zh):
                found.setdefault(normalised(known), {})[body.unit_code] = body
    return found


def _period(
    hidden: Mapping[str, Label], labels: Labels, frequency: str | None, file_name: str
) -> Period:
    told = hidden.get("period_code")
    printed = labels.get(PERIOD, ())
    said = [*([told] if told else []), *printed]
    read: list[Period] = []
    for one in said:
        period = read_period(one.text, frequency)
        if period is None:
            raise _unread_period(one, frequency)
        read.append(period)
    if not read:
        raise UnknownPeriod(None)
    named = period_in_name(file_name, frequency)
    other = next((n for n, period in enumerate(read) if period != read[0]), None)
    if other is None and (named is None or named[1] == read[0]):
        return read[0]
    at = said[other] if other is not None else (printed or said)[0]
    raise PeriodMismatch(
        [
            ("模板内置的报告期是", f"“{told.text}”") if told else ("模板未内置报告期", ""),
            ("表内所印的是", _listed_with_cells(printed)) if printed else ("表内未印报告期", ""),
            ("文件名所写的是", f"“{named[0]}”") if named else ("文件名未写报告期", ""),
        ],
        sheet=at.sheet, cell=at.cell, value_text=at.text, expected_text=said[0].text,
    )  # fmt: skip


def _listed_with_cells(labels: Sequence[Label]) -> str:
    return "、".join(f"“{shown(label.text)}”（{label.cell}）" for label in labels)


def _unread_period(said: Label, frequency: str | None) -> UnknownPeriod:
    day = serial_day(said.text)
    reason = None
    if day is not None:
        reason = (
            f"报告期填成了日期序列值 {said.text}（按常用的 1900 日期系统是"
            f" {day.year}年{day.month}月{day.day}日），不能确定是哪一期"
        )
    return UnknownPeriod(
        said.text, sheet=said.sheet, cell=said.cell, reason_zh=reason,
        expected_text=_FREQUENCY_ZH.get(frequency or ""),
    )  # fmt: skip


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
            expected_text=_FREQUENCY_ZH.get(version.frequency),
        )
    return version
