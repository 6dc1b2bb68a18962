"""A file's header beside the layouts its form has had: what is the same, and what is not.

Nothing is read into figures here and nothing is decided: it shows a clerk, or whoever writes the
layout of a new form version, which columns moved, were renamed, are missing or are unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sources.authority_tables import header_of
from sources.contract import FileToParse
from sources.definitions import Definitions, FormVersion, LayoutColumn
from sources.errors import OversizedSheet, SourceError, UnreadableFile
from sources.headers import Matched, candidates, fingerprint, matched
from sources.identity import FormSheets, form_sheets, rows_of, told_form
from sources.layout_difference import ColumnDifference, LayoutDifference
from sources.periods import Period
from sources.readers import read_kind
from sources.readers.container import ARCHIVE
from sources.readers.grid import LIMITS, Cell, Limits
from sources.registers.definition import register_of
from sources.texts import normalised


def compare_layouts(
    file: FileToParse, definitions: Definitions, limits: Limits = LIMITS
) -> tuple[LayoutDifference, ...]:
    """The headers of a file beside every version of the layout of its forms.

    A form that is not named is compared with the layouts whose columns it has most of.

    Raises:
        SourceError: the file cannot be read at all.
    """
    try:
        if file.path.stat().st_size > limits.file_bytes:
            raise OversizedSheet(f"文件超过 {limits.file_bytes // 1048576} MB 的上限")
        kind, cells = read_kind(file.path.read_bytes(), file.file_name, limits)
        if kind == ARCHIVE:
            raise UnreadableFile("这是压缩包", "请解压后逐个比较")
        of_release = _of_release(cells, definitions)
        if of_release:
            return of_release
        forms = form_sheets(rows_of(cells), definitions)
    except SourceError as error:
        raise error.in_file(file.file_name) from error.__cause__
    except OSError as error:
        raise UnreadableFile(
            "文件不能打开", "请检查文件是否还在", file_name=file.file_name
        ) from error  # fmt: skip
    return tuple(one for form in forms for one in _of_form(form, definitions))


def _of_form(form: FormSheets, definitions: Definitions) -> list[LayoutDifference]:
    form_code, period = told_form(form, definitions)
    versions = [
        version
        for version in definitions.form_versions
        if version.form_kind != "authority" and form_code in (None, version.form_code)
    ]
    found = [_compared(form, version, period, definitions) for version in versions]
    if form_code is None:
        most = max((one.known for one in found), default=0)
        nearest = {one.layout_code: one for one in reversed(found) if one.known == most}
        found = list(nearest.values())
    return found


def _compared(
    form: FormSheets, version: FormVersion, period: Period | None, definitions: Definitions
) -> LayoutDifference:
    layout = _layout_of(version, definitions)
    found = candidates(form.sheets, layout)
    best = max(found, key=lambda one: (one.hits, one.sheet == form.sheet), default=None)
    head = matched(best.own if best else {}, layout)
    sheet = best.sheet if best else form.sheet or next(iter(form.sheets))
    return _difference(sheet, head, layout, version, period)


def _layout_of(version: FormVersion, definitions: Definitions) -> Sequence[LayoutColumn]:
    """The columns of a form version; a register has columns of its own."""
    register = register_of(definitions, version.form_code, version.form_version)
    if register is None:
        return definitions.layout(version.layout_code or "")
    return [
        LayoutColumn(c.column_order, "item", None, c.header_zh, c.aliases_zh, c.is_required)
        for c in register.columns
    ]


def _of_release(cells: Sequence[Cell], definitions: Definitions) -> tuple[LayoutDifference, ...]:
    """The first row beside the layouts of releases, where it has half of one's needed columns."""
    forms = [form for form in definitions.form_versions if form.form_kind == "authority"]
    for sheet, rows in rows_of(cells).items():
        compared = [
            (form, layout, header_of(rows[min(rows)], layout))
            for form in forms
            if (layout := definitions.layout(form.layout_code))
        ]
        near = [
            _difference(sheet, head, layout, form, None)
            for form, layout, head in compared
            if 2 * len(head.missing) <= sum(column.is_required for column in layout)
            and len(head.found) >= 3
        ]
        if near:
            return tuple(near)
    return ()


def _difference(
    sheet: str,
    head: Matched,
    layout: Sequence[LayoutColumn],
    version: FormVersion,
    period: Period | None,
) -> LayoutDifference:
    needed = [column for column in layout if column.is_required]
    own = [head.found[c.column_order] for c in needed if c.column_order in head.found]
    own += [*head.strangers, *(cell for cell, _ in head.repeated)]
    return LayoutDifference(
        sheet=sheet,
        form_code=version.form_code,
        form_version=version.form_version,
        form_zh=version.form_zh,
        layout_code=version.layout_code or version.form_code,
        valid_from=version.valid_from,
        valid_to=version.valid_to,
        period_code=period.code if period else None,
        is_in_force=version.covers(period) if period else None,
        fingerprint=fingerprint(column.header_zh for column in needed),
        file_fingerprint=fingerprint(cell.text or "" for cell in own),
        columns=(*_of_layout(head, layout), *_beyond(head, layout)),
    )


def _of_layout(head: Matched, layout: Sequence[LayoutColumn]) -> list[ColumnDifference]:
    """Each column of the layout, found or not."""
    moved = set(head.moved)
    said = []
    for column in layout:
        cell = head.found.get(column.column_order)
        if cell is None:
            status = "missing" if column.is_required else "left_out"
            said.append(ColumnDifference(status, column.header_zh))
            continue
        is_alias = normalised(cell.text) != normalised(column.header_zh)
        status = (
            "moved" if column.column_order in moved else "alias" if is_alias else "same"
        )  # fmt: skip
        said.append(
            ColumnDifference(status, column.header_zh, (cell.text or "").strip(), cell.cell)
        )
    return said


def _beyond(head: Matched, layout: Sequence[LayoutColumn]) -> list[ColumnDifference]:
    """Headings of the file that the layout does not have, or has only once."""
    likely: Mapping[str, str] = dict(head.likely)
    names = {column.column_order: column.header_zh for column in layout}
    unknown = [
        ColumnDifference("unknown", None, text, cell.cell, likely.get(text))
        for cell in head.strangers
        if (text := (cell.text or "").strip())
    ]
    return unknown + [
        ColumnDifference("repeated", names[order], (cell.text or "").strip(), cell.cell)
        for cell, order in head.repeated
    ]
