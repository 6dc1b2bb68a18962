"""What left the house: one file per exported table in `exports/` of the workspace, by short code.

A record holds what was asked for and every number as it was handed out. It lies outside releases
and the private warehouse, so that going back to an older release, thinning releases or rebuilding
the warehouse leaves it alone. It is written once and never altered; the same table exported again
from the same release has the same code.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from warehouse.clock import technical_now
from warehouse.errors import WarehouseError
from warehouse.exports.selection import Figure
from warehouse.receipts import short_code
from warehouse.releases.digest import sha256_of
from warehouse.settings import Settings

CODE = re.compile(r"(?<![0-9A-Z])[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}(?![0-9A-Z])")
CODE_LABEL_ZH = "核验码"
_READ_AT_MOST = 64 * 1024 * 1024
"""Bytes of a file that are looked through for a code, unpacked and all parts together."""
_PARTS_AT_MOST = 2000
_CODES_AT_MOST = 10_000
_CODES_TOLD = 10
_SLIPS = 2
_TABLE_FOLDERS = ("csv/", "sdmx/city_indicators")


class UnknownExport(WarehouseError):
    """A code, or a file, that no export of this workspace is known by."""

    def __init__(self, what_zh: str, near: Sequence[str] = ()) -> None:
        """Name what was asked, and the codes that are most like it."""
        meant = f"是不是：{'、'.join(near)}？" if near else ""
        super().__init__(
            f"本工作区没有导出过{what_zh}。{meant}核验码印在导出表的下方，形如 ABCD-2345；"
            "文件须为本工作区导出的原件。"
        )


class SeveralCodes(WarehouseError):
    """A file that bears the codes of several exports, so that none of them speaks for all of it."""

    def __init__(self, name: str, codes: Sequence[str]) -> None:
        """Name the file and its codes."""
        told = "、".join(codes[:_CODES_TOLD]) + ("……" if len(codes) > _CODES_TOLD else "")
        super().__init__(
            f"文件“{name}”里有 {len(codes)} 个核验码（{told}），是由几张导出表合成的，"
            "不能当作其中一张核验；请按核验码逐个核验。"
        )
        self.codes = tuple(codes)


@dataclass(frozen=True)
class ExportRecord:
    """One exported table: its code, its release, what was asked, the numbers, the files made."""

    code: str
    release_id: str
    as_of: str
    is_synthetic: bool
    selection: Mapping[str, Any]
    figures: tuple[Figure, ...]
    numbers_sha256: str
    made_at: str
    files: Mapping[str, str] = field(default_factory=dict)
    """sha256 of each file that was made of it, with its name."""
    table_file: tuple[str, Path] | None = None
    """A table of a release handed out as a file of its own: its name there, and its bytes as they
    were handed out. Its numbers are compared, not `figures`. Never recorded."""


def numbers_digest(figures: Iterable[Figure]) -> str:
    """sha256 of the numbers in their order."""
    text = json.dumps([[one.key, one.value] for one in figures], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def record_of(
    release_id: str,
    as_of: str,
    is_synthetic: bool,
    selection: Mapping[str, Any],
    figures: Sequence[Figure],
) -> ExportRecord:
    """The record of a table that is about to be written; its code is printed on the table."""
    digest = numbers_digest(figures)
    asked = json.dumps(selection, ensure_ascii=False, sort_keys=True)
    return ExportRecord(
        short_code(f"{release_id}|{asked}", digest), release_id, as_of, is_synthetic, selection,
        tuple(figures), digest, technical_now().isoformat(timespec="seconds"),
    )  # fmt: skip


def keep(
    settings: Settings,
    record: ExportRecord,
    files: Iterable[Path] = (),
    root: Path | None = None,
) -> ExportRecord:
    """The record with the sha256 of its files, kept; files of an earlier export are kept with it.

    Args:
        settings: the workspace.
        record: what was handed out.
        files: the files made of it.
        root: folder below which files are named with their folders; without it by their names.

    Raises:
        OSError: it could not be written.
    """
    path = _path(settings, record.code)
    made = {
        sha256_of(file): file.name if root is None else file.relative_to(root).as_posix()
        for file in files
    }
    earlier = _read(path)
    if earlier is not None:
        made = dict(earlier.files) | made
        record = earlier
    record = replace(record, files=made)
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "code": record.code,
        "release_id": record.release_id,
        "as_of": record.as_of,
        "is_synthetic": record.is_synthetic,
        "selection": record.selection,
        "figures": [one.as_json() for one in record.figures],
        "numbers_sha256": record.numbers_sha256,
        "made_at": record.made_at,
        "files": record.files,
    }
    aside = path.with_name(f".{path.name}.{technical_now():%H%M%S%f}")
    try:
        aside.write_text(json.dumps(told, ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return record


def record_named(settings: Settings, code: str) -> ExportRecord:
    """The record of a code, however it was typed.

    Raises:
        UnknownExport: there is none.
    """
    plain = re.sub(r"[\s\-－—]", "", code).upper()
    found = _read(_path(settings, f"{plain[:4]}-{plain[4:]}")) if plain.isalnum() else None
    if found is None:
        raise UnknownExport(f"核验码“{code}”", _codes_like(settings, plain))
    return found


def _codes_like(settings: Settings, plain: str) -> list[str]:
    """Codes of this workspace that a slip of one or two characters may have come from."""
    known = {path.stem.replace("-", ""): path.stem for path in settings.exports.glob("*.json")}
    found = process.extract(
        plain, known.keys(), scorer=DamerauLevenshtein.distance, limit=3, score_cutoff=_SLIPS
    )
    return [known[one] for one, _, _ in found]


def record_of_file(settings: Settings, file: Path) -> tuple[ExportRecord, bool]:
    """The record that a file belongs to, and whether the file is still as it was exported.

    A file that was edited or saved anew is known by the code that stands in it; a table of a
    release, which bears no code, by its headings and the release in its rows.

    Raises:
        UnknownExport: it bears no code of this workspace.
        SeveralCodes: it was made of several exports.
    """
    digest = sha256_of(file)
    named = [_read(_path(settings, code)) for code in codes_in(file)]
    borne = [one for one in named if one is not None]
    for found in borne:
        if digest in found.files:
            return _part(found, found.files[digest], file), True
    if len(borne) > 1:
        raise SeveralCodes(file.name, [one.code for one in borne])
    if borne:
        return borne[0], False
    for path in sorted(settings.exports.glob("*.json")):
        kept = _read(path)
        if kept is not None and digest in kept.files:
            return _part(kept, kept.files[digest], file), True
    touched = _table_of_release(settings, file)
    if touched is not None:
        return touched, False
    raise UnknownExport(f"文件“{file.name}”")


def _part(record: ExportRecord, name: str, file: Path) -> ExportRecord:
    """What one file of a release holds of it: a table its own cells, a brief its own plan."""
    if name.startswith(_TABLE_FOLDERS):
        return replace(record, table_file=(name, file))
    plan = Path(name).stem
    if plan in record.selection.get("plan_codes", ()):
        own = [one for one in record.figures if one.key_text.startswith(f"{plan}|")]
        return replace(record, figures=tuple(own))
    return record


def _table_of_release(settings: Settings, file: Path) -> ExportRecord | None:
    """The record of a release's own CSV that was saved anew, by headings and release; else None."""
    if file.suffix.lower() != ".csv" or file.stat().st_size > _READ_AT_MOST:
        return None
    headings, first = [*_lines(file, 2), [], []][:2]
    if "release_id" not in headings or len(first) != len(headings):
        return None
    release = first[headings.index("release_id")]
    if not re.fullmatch(r"[\w-]+", release):
        return None
    folder = settings.releases / release / "exports" / "csv"
    alike = [one for one in sorted(folder.glob("*.csv")) if _lines(one, 1) == [headings]]
    if not alike:
        return None
    mine = set(map(tuple, _lines(file)))
    # Two marts may have the same headings, and one all rows of the other: the most like it is it.
    original = max(alike, key=lambda one: _likeness(mine, set(map(tuple, _lines(one)))))
    return record_of_file(settings, original)[0]


def _likeness(some: set[tuple[str, ...]], others: set[tuple[str, ...]]) -> float:
    return len(some & others) / len(some | others)


def _lines(file: Path, most: int | None = None) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as handle:
        try:
            return list(islice(csv.reader(handle), most))
        # A stranger's file that is no CSV has no lines to know it by.
        except csv.Error:
            return []


def codes_in(file: Path) -> list[str]:
    """Texts in a file that may be short codes: of its properties first, then of its content."""
    found: dict[str, None] = {}
    if zipfile.is_zipfile(file):
        for part in _parts_of(file):
            found |= dict.fromkeys(CODE.findall(part.decode("utf-8", "replace")))
    elif file.stat().st_size <= _READ_AT_MOST:
        text = file.read_bytes().decode("utf-8", "replace")
        found |= dict.fromkeys(CODE.findall(text))
    return list(found)[:_CODES_AT_MOST]


def _parts_of(file: Path) -> Iterator[bytes]:
    """The XML parts of an office file, as many as are read at most; of a damaged one, those whole.

    A bomb is small on disk: what counts is what its parts unpack to, all together.
    """
    left = _READ_AT_MOST
    try:
        with zipfile.ZipFile(file) as archive:
            listed = archive.infolist()[:_PARTS_AT_MOST]
            for info in sorted(listed, key=lambda info: info.filename != "docProps/core.xml"):
                if info.filename.endswith(".xml") and info.file_size <= left:
                    left -= info.file_size
                    yield archive.read(info)
    # Whatever is wrong with a stranger's archive, it bears no code that can be read.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
            ValueError, OSError):  # fmt: skip
        return


def _path(settings: Settings, code: str) -> Path:
    return settings.exports / f"{code}.json"


def _read(path: Path) -> ExportRecord | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    found["figures"] = tuple(Figure.of_json(one) for one in found["figures"])
    return ExportRecord(**found)
