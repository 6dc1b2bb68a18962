"""`qiangshi check` on what is no workbook: scans are evidence, a zip is looked into."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli.main import app

PDF = b"%PDF-1.4\n1 0 obj\n"
PAPERS = {
    "盖章件.pdf": PDF,
    "照片.jpg": b"\xff\xd8\xff\xe0 a photo",
    "截图.png": b"\x89PNG\r\n\x1a\n a picture",
    "其实是扫描件.xlsx": PDF,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QIANGSHI_HOME", str(tmp_path / "none"))
    return tmp_path


def checked(*paths: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *map(str, paths)], env={"COLUMNS": "300"})
    return result.exit_code, result.output


@pytest.mark.parametrize(("name", "data"), list(PAPERS.items()))
def test_a_scan_is_said_to_be_kept_as_evidence_and_is_no_refusal(
    folder: Path, name: str, data: bytes
) -> None:
    path = folder / name
    path.write_bytes(data)
    code, said = checked(path)
    assert code == 0
    assert f"{name}：这是 " in said
    assert "作为佐证" in said
    assert "数据请用 Excel 报表填报" in said
    assert "没有发现问题" not in said


def test_a_scan_beside_a_bad_form_does_not_hide_the_bad_form(folder: Path) -> None:
    paper, form = folder / "盖章件.pdf", folder / "报表.csv"
    paper.write_bytes(PDF)
    form.write_text("这里,没有表号\n", encoding="utf-8")
    code, said = checked(paper, form)
    assert code == 2
    assert "盖章件.pdf：这是 PDF 扫描件或照片" in said
    assert "报表.csv" in said


def test_each_member_of_a_zip_is_checked_and_named_with_its_archive(folder: Path) -> None:
    path = folder / "打包.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("甲.csv", "这里,没有表号\n")
        archive.writestr("乙.csv", "这里,也没有\n")
        archive.writestr("盖章件.pdf", PDF)
    result = CliRunner().invoke(app, ["check", str(path), "--json"])
    found = json.loads(result.stdout)
    assert result.exit_code == 2
    files = [row["file"] for row in found["findings"]]
    assert files == ["打包.zip/甲.csv", "打包.zip/乙.csv"]
    said = CliRunner().invoke(app, ["check", str(path)])
    assert "盖章件.pdf”是扫描件或照片，随报表存为佐证" in said.output.replace("\n", "")
