"""What an exported file is known by when it is handed back to be verified."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli.main import app
from tests.unit.warehouse.marts import release
from warehouse.exports.records import ExportRecord, SeveralCodes, keep, record_of, record_of_file
from warehouse.exports.selection import Figure
from warehouse.settings import Settings


def exported(settings: Settings, value: str, *files: Path) -> ExportRecord:
    figure = Figure("150402", "红山区 专利授权量", value, "unit_indicators", "150402", "value")
    record = record_of("20260131-001", "2026-01-31", True, {"kind": "query"}, [figure])
    return keep(settings, record, files)


def test_a_file_of_two_exports_is_told_both_codes_and_passes_for_neither(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verified by the first code, the numbers of the second would pass unseen."""
    release(settings)
    first, second = (exported(settings, value) for value in ("1", "2"))
    joined = tmp_path / "合并.csv"
    codes = (first.code, second.code)
    text = "".join(f"核验码,{code}\n" for code in (*codes, "ABCD-2345"))
    joined.write_text(text, encoding="utf-8")
    with pytest.raises(SeveralCodes) as told:
        record_of_file(settings, joined)
    assert told.value.codes == codes
    monkeypatch.setenv("QIANGSHI_HOME", str(settings.home))
    result = CliRunner().invoke(app, ["verify", str(joined)])
    assert result.exit_code == 2
    for words in ("2 个核验码", *codes, "逐个核验"):
        assert words in result.stderr
    assert "ABCD-2345" not in result.stderr


def test_a_file_as_it_was_exported_is_its_own_export_whatever_else_it_names(
    settings: Settings, tmp_path: Path
) -> None:
    other = exported(settings, "1")
    file = tmp_path / "表.csv"
    file.write_text(f"见 {other.code}\n", encoding="utf-8")
    mine = exported(settings, "2", file)
    file.write_text(f"见 {other.code}\n核验码,{mine.code}\n", encoding="utf-8")
    exported(settings, "2", file)
    found, is_untouched = record_of_file(settings, file)
    assert (found.code, is_untouched) == (mine.code, True)
    file.write_text(f"核验码,{mine.code}\n", encoding="utf-8")
    assert record_of_file(settings, file)[1] is False
