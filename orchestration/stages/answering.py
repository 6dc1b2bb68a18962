"""Answering: the outbox set of every submission whose state moved since the last look.

A receipt, the report as JSON and a page to print for each; the marked workbook where something was
found, since that is the only costly part.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func, select

from expectations.answers.ess import report_json
from expectations.answers.guard import Task, write_workbooks
from expectations.answers.page import page
from expectations.rules import Rules
from orchestration.progress import tell
from orchestration.stages import night_folder
from orchestration.stages.letters import Answered, answers_for
from sources.definitions import Definitions
from warehouse.ledger.tables import events
from warehouse.ledger.versions import overtaken
from warehouse.raw_files import raw_path
from warehouse.receipts import (
    PAGE,
    RECEIPT,
    REPLACED_WORKBOOK,
    REPORT,
    WORKBOOK,
    answer_path,
    write_parts,
)
from warehouse.settings import Settings

MARK = "receipts.json"
_SIGNATURE = re.compile(r"identifier>([0-9a-f]{32})<")


def answer(settings: Settings, definitions: Definitions, engine: Engine) -> int:
    """Number of receipts, reports and pages written; marked workbooks are written besides."""
    mark = settings.work / MARK
    since = json.loads(mark.read_text())["until"] if mark.exists() else datetime.min.isoformat()
    with engine.connect() as connection:
        until = connection.execute(select(func.max(events.c.recorded_at))).scalar()
        newer = events.c.recorded_at > datetime.fromisoformat(since)
        asked = select(events.c.submission_id).where(newer).distinct()
        moved = sorted(str(row[0]) for row in connection.execute(asked))
        moved += overtaken(connection, moved)
        answers = answers_for(settings, definitions, connection, moved)
    rules = Rules.load(definitions)
    written = write_parts(part for one in answers for part in _texts(settings, one, rules))
    mark_workbooks(settings, answers)
    if until is not None:
        night_folder(settings)
        mark.write_text(json.dumps({"until": until.isoformat()}))
    return written


def _texts(settings: Settings, one: Answered, rules: Rules) -> list[tuple[Path, str]]:
    return [
        (_path(settings, one, RECEIPT), one.receipt.text),
        (_path(settings, one, REPORT), report_json(one.letter, rules)),
        (_path(settings, one, PAGE), page(one.letter)),
    ]


def mark_workbooks(settings: Settings, answers: Sequence[Answered]) -> int:
    """Number of marked workbooks written; one that says the same already is left untouched."""
    tasks = []
    for one in answers:
        target = _path(settings, one, WORKBOOK)
        set_aside = _path(settings, one, REPLACED_WORKBOOK)
        if one.is_over:
            if target.exists():
                target.replace(set_aside)
            continue
        set_aside.unlink(missing_ok=True)
        if not one.letter.findings:
            # What was found before is gone: marks would send the clerk after nothing.
            target.unlink(missing_ok=True)
        elif _signature(target) != one.letter.signature:
            source = raw_path(settings, one.row["file_sha256"])
            tasks.append(Task(source, one.row["file_name"], one.letter, target))
    write_workbooks(tasks, done=lambda count: _tell(count, len(tasks)))
    return len(tasks)


def _tell(count: int, total: int) -> None:
    if count % 50 == 0 or count == total:
        tell(f"审核：标注工作簿 {count}/{total}")


def _signature(path: Path) -> str | None:
    """What an earlier answer's workbook says, as a hash; None where there is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = _SIGNATURE.search(archive.read("docProps/core.xml").decode("utf-8"))
    except (FileNotFoundError, zipfile.BadZipFile, KeyError):
        return None
    return found[1] if found else None


def _path(settings: Settings, one: Answered, part: str) -> Path:
    row = one.row
    return answer_path(settings, row["city_code"], row["unit_code"], row["submission_id"], part)
