"""The dry run: what the night would say, and nothing loaded that it does not need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from typer.testing import CliRunner
from orchestration.cli.main import app
result = CliRunner().invoke(app, ["check", sys.argv[1], "--json"])
print(result.stdout)
print(result.exit_code, "great_expectations" in sys.modules, "dagster" in sys.modules)
"""


def test_a_file_whose_shape_fails_is_refused_without_loading_the_rule_engine(
    tmp_path: Path,
) -> None:
    path = tmp_path / "报表.csv"
    path.write_text("表号：,强市知创月1表\n这里,没有表头\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        env={**os.environ, "QIANGSHI_HOME": str(tmp_path / "none"), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    said, _, loaded = run.stdout.strip().rpartition("\n")
    found = json.loads(said)
    assert loaded == "2 False False"
    assert [row["severity_code"] for row in found["findings"]] == ["blocking"]
    assert found["read"] == []
    assert [one.name for one in tmp_path.iterdir()] == ["报表.csv"]
