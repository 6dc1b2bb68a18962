"""A tutorial page, done as it says: its CSV blocks written, its tables filled, its commands run.

Fenced blocks are done in the order of the page:

- ```` ```csv PATH ```` is written to that path. A path in `填表/` names figures instead: each row
  is a workbook, a row code and what to type below the headings of that workbook.
- ```` ```console ```` holds commands (`$ …`, continued by `> …`) and what they print. `…` stands
  for any text; `# 退出码 N` ends a command that is to fail.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from openpyxl import load_workbook

FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
ENDS_WITH = re.compile(r"\s+# 退出码 (\d)$")
FIGURES = "填表/"
TIMEOUT = 240


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the path it names, its text."""

    language: str
    path: str
    text: str


@dataclass(frozen=True)
class Command:
    """One command of a console block, the code it ends with and what it prints."""

    line: str
    exit_code: int
    printed: str


def blocks_of(page: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    for match in FENCE.finditer(page):
        yield Block(match[1], match[2] or "", match[3])


def commands_of(text: str) -> Iterator[Command]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        lines = part.splitlines()
        length = 1
        while length < len(lines) and lines[length].startswith("> "):
            length += 1
        line = "\n".join([lines[0], *(more[2:] for more in lines[1:length])])
        ends = ENDS_WITH.search(line)
        yield Command(
            ENDS_WITH.sub("", line), int(ends[1]) if ends else 0, "\n".join(lines[length:])
        )


class Walk:
    """One walk through a page in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        bare = {name: text for name, text in os.environ.items() if not name.startswith("QIANGSHI_")}
        self.env = bare | {"PATH": f"{Path(sys.executable).parent}:{bare['PATH']}"}
        self.env.pop("COLUMNS", None)

    def through(self, page: str) -> None:
        """Does what the page says and compares what came with what it says came."""
        for block in blocks_of(page):
            if block.language == "console":
                for command in commands_of(block.text):
                    self._run(command)
            elif block.language == "csv" and block.path.startswith(FIGURES):
                self._fill(list(csv.DictReader(block.text.splitlines())))
            elif block.language == "csv":
                path = self.folder / block.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")

    def _run(self, command: Command) -> None:
        if command.line.startswith("export "):
            for name, _, value in (part.partition("=") for part in command.line.split()[1:]):
                self.env[name] = value.replace("$PWD", str(self.folder))
            return
        done = subprocess.run(
            ["bash", "-c", command.line], cwd=self.folder, env=self.env, timeout=TIMEOUT,
            capture_output=True, text=True,
        )  # fmt: skip
        said = f"$ {command.line}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == command.exit_code, said
        if command.printed.strip():
            assert re.fullmatch(pattern_of(command.printed), plain(done.stdout)), said

    def _fill(self, rows: list[dict[str, str]]) -> None:
        for name in dict.fromkeys(row["文件"] for row in rows):
            fill(self.folder / name, [row for row in rows if row["文件"] == name])


def plain(text: str) -> str:
    """Lines without the blanks at their ends."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def pattern_of(printed: str) -> str:
    """What a page prints as a regular expression: `…` stands for any text."""
    return ".*?".join(re.escape(part) for part in plain(printed).split("…")).join(("(?s:", ")"))


def fill(path: Path, rows: list[Mapping[str, str]]) -> None:
    """Types figures into a workbook, each below its heading and beside its row code."""
    book = load_workbook(path)
    sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
    heading = next(row for row in sheet.iter_rows() if any(cell.value == "代码" for cell in row))
    columns = {str(cell.value): cell.column for cell in heading if cell.value}
    lines = {
        str(sheet.cell(number, columns["代码"]).value): number
        for number in range(heading[0].row + 1, sheet.max_row + 1)
    }
    for row in rows:
        for name, text in row.items():
            if name not in ("文件", "代码") and text:
                value = float(text) if re.fullmatch(r"[\d.]+", text) else text
                sheet.cell(lines[row["代码"]], columns[name]).value = value
    book.save(path)
