"""A returned workbook in LibreOffice: opened, recalculated and saved, it is still the county's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from openpyxl import load_workbook

from expectations.answers.letter import MARKS_SHEET
from expectations.answers.worker import answered
from sources.contract import ANSWER_SHEET_ZH
from sources.definitions import Definitions
from sources.periods import parse_period
from sources.readers import read_file
from sources.submission_files import parse_submission
from sources.templates import write_template
from tests.unit.expectations.letters import found, letter

_CONVERTS_WITHIN = 300


def saved_by_office(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it."""
    program = shutil.which("soffice")
    if program is None:
        if os.environ.get("QIANGSHI_REQUIRE_ALL"):
            pytest.fail("soffice is not installed")
        pytest.skip("soffice is not installed")
    profile = (folder / "profile").resolve().as_uri()
    subprocess.run(
        [program, f"-env:UserInstallation={profile}", "--headless", "--norestore",
         "--convert-to", "xlsx", "--outdir", str(folder), str(path)],
        check=True, capture_output=True, timeout=_CONVERTS_WITHIN, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return folder / path.name


def test_a_marked_workbook_saved_by_libreoffice_is_read_as_what_was_filed(tmp_path: Path) -> None:
    definitions = Definitions.load(None)
    period = parse_period("2025-12")
    version, unit = definitions.form("IP-M1", period), definitions.unit("150402")
    assert version
    assert unit
    values = {
        (one.row_code, one.value_column): number
        for number, one in enumerate(definitions.form_elements("IP-M1", version.form_version))
    }
    filed = tmp_path / "filed.xlsx"
    write_template(filed, definitions, version, unit, period, values)
    before = parse_submission(filed.read_bytes(), filed.name, "150402", definitions)
    name, at = before.values["sheet"][0], before.values["cell"][3]
    returned = tmp_path / "returned.xlsx"
    said = letter(found(at, sheet=name), found(None, sheet=None))
    returned.write_bytes(answered(filed.read_bytes(), filed.name, said))

    saved = saved_by_office(returned, tmp_path / "office")
    after = parse_submission(saved.read_bytes(), saved.name, "150402", definitions)
    assert after.identity == before.identity
    same = ["element_code", "sheet", "cell", "number_text"]
    assert after.values.select(same).rows() == before.values.select(same).rows()

    book = load_workbook(saved)
    assert book.sheetnames[0] == ANSWER_SHEET_ZH
    assert "不是数值" in (book[name][at].comment or "").text  # type: ignore[union-attr]
    assert book[name][at].fill.fgColor.rgb == "FFFFB3B3"
    assert book[name].protection.sheet
    [link] = [row[2].hyperlink for row in book[ANSWER_SHEET_ZH].iter_rows() if row[2].hyperlink]
    assert link.location.replace("'", "").replace("$", "") == f"{name}!{at}"
    told = {one.cell: one.text for one in read_file(saved.read_bytes(), "x.xlsx")
            if one.sheet == MARKS_SHEET}  # fmt: skip
    assert told["B1"] == said.submission_id
