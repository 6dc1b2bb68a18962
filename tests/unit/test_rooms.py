"""The arrows between the rooms: who may import whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "sources": set(),
    "expectations": {"sources"},
    "warehouse": {"sources"},
    "console": {"sources", "expectations", "warehouse"},
    "orchestration": {"sources", "expectations", "warehouse", "console"},
}


def imported_rooms(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names & set(MAY_IMPORT)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    files = list((ROOT / room).rglob("*.py"))
    assert files
    wrong = {
        path.relative_to(ROOT).as_posix(): found
        for path in files
        if (found := imported_rooms(path) - MAY_IMPORT[room] - {room})
    }
    assert wrong == {}


def test_the_dbt_project_holds_no_python() -> None:
    assert list((ROOT / "models").rglob("*.py")) == []


def test_no_module_is_longer_than_400_lines() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for room in [*MAY_IMPORT, "tests"]
        for path in (ROOT / room).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_no_code_names_a_city() -> None:
    """Cities, counties and plans are rows; one named in a room is a branch to come."""
    import csv

    with (ROOT / "models/seeds/units.csv").open(encoding="utf-8") as handle:
        units = list(csv.DictReader(handle))
    with (ROOT / "models/seeds/plans.csv").open(encoding="utf-8") as handle:
        plans = [row["plan_code"] for row in csv.DictReader(handle)]
    words = [row["unit_code"] for row in units] + [row["unit_name_zh"] for row in units] + plans
    found = {
        (path.relative_to(ROOT).as_posix(), word)
        for room in [*MAY_IMPORT, "models"]
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".py", ".sql"}
        for text in [_code_only(path)]
        for word in words
        if word in text
    }
    assert found == set()


def _code_only(path: Path) -> str:
    """Code without comments and docstrings, where an example may name a county."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sql":
        return "\n".join(line.split("--")[0] for line in text.splitlines())
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                value.value = ""
    return ast.unparse(tree)
