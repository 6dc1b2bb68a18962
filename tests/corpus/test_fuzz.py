"""Mutated workbooks and texts never crash or hang a night and never change a value silently.

200 files by default; `QIANGSHI_FUZZ_FILES=2000` runs more, `QIANGSHI_FUZZ_SEED` begins elsewhere.
What is accepted equals what was written; what is refused names the file, and in it the place.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from decimal import Decimal

import pytest

from sources.contract import VOIDING_ISSUES, FileToParse
from sources.errors import (
    EmptyWorkbook,
    EncryptedFile,
    OversizedSheet,
    SourceError,
    UnreadableFile,
)
from sources.submission_files import parse_many
from tests.corpus.mutations import Mutant, Written, mutant
from tests.unit.sources.builders import small_definitions

FILES = int(os.environ.get("QIANGSHI_FUZZ_FILES", "200"))
SEED = int(os.environ.get("QIANGSHI_FUZZ_SEED", "20250331"))
SECONDS_PER_FILE = 20.0
OF_THE_WHOLE_FILE = (UnreadableFile, EmptyWorkbook, EncryptedFile, OversizedSheet)
ABOUT_LABELS = {"S05", "S06", "S07", "S08", "S14"}
"""Refusals for want of a label have no cell to name; they name the label."""
PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
SCALED = {"6万件": "60000", "3.17亿元": "31700", "12件": "12", "增长-2件": "-2"}
HEADERS = {"current": {"本月", "本月数"}, "ytd": {"1—本月累计", "本年累计"}}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Mutant, object]]:
    """Per seed: the mutated file, and its values and cells, or its refusal."""
    folder = tmp_path_factory.mktemp("fuzz")
    mutants = {SEED + number: mutant(SEED + number) for number in range(FILES)}
    files = []
    for seed, one in mutants.items():
        path = folder / str(seed)
        path.write_bytes(one.data)
        files.append(FileToParse(str(seed), path, one.file_name, "900101"))
    began = time.monotonic()
    batches = list(parse_many(files, small_definitions(), False, timeout_seconds=SECONDS_PER_FILE))
    assert time.monotonic() - began < 60 + FILES
    found: dict[int, tuple[Mutant, object]] = {}
    for batch in batches:
        values = batch.values.partition_by("key", as_dict=True)
        cells = batch.cells.partition_by("key", as_dict=True)
        for key, error in batch.errors.items():
            found[int(key.partition("/")[0])] = (mutants[int(key.partition("/")[0])], error)
        for key in batch.identities:
            seed = int(key.partition("/")[0])
            said = (values[key,].to_dicts(), cells[key,].to_dicts())
            found[seed] = (mutants[seed], said)
    return found


def test_every_file_has_an_outcome_and_both_outcomes_occur(
    outcome: dict[int, tuple[Mutant, object]],
) -> None:
    assert len(outcome) == FILES
    kinds = Counter((one.kind, isinstance(said, SourceError)) for one, said in outcome.values())
    for kind in ("sheet", "xml"):
        assert kinds[kind, True] > 0
        assert kinds[kind, False] > 0


def test_no_reading_process_died(outcome: dict[int, tuple[Mutant, object]]) -> None:
    died = {
        seed: (one.kind, said.problem_zh) for seed, (one, said) in outcome.items()
        if isinstance(said, OversizedSheet) and "已停止读取" in said.problem_zh
    }  # fmt: skip
    assert died == {}


def test_what_is_refused_names_the_file_and_the_place(
    outcome: dict[int, tuple[Mutant, object]],
) -> None:
    for seed, (one, said) in outcome.items():
        if isinstance(said, SourceError):
            assert f"“{one.file_name}”" in said.message_zh, seed
            has_place = bool(said.sheet) or said.rule_id in ABOUT_LABELS
            assert has_place or isinstance(said, OF_THE_WHOLE_FILE), (seed, said.message_zh)


def test_what_is_accepted_equals_what_was_written(
    outcome: dict[int, tuple[Mutant, object]],
) -> None:
    for seed, (one, said) in outcome.items():
        written = None if isinstance(said, SourceError) else one.written()
        if written is None or not isinstance(said, tuple):
            continue
        values, cells = said
        sheet = values[0]["sheet"]
        # Blanks at the ends of a text are kept or not by an attribute of the XML.
        shown = {at: text.strip() for at, text in written.items() if at[0] == sheet}
        shown = {at: text for at, text in shown.items() if text}
        read = {
            (row["sheet"], row["cell"]): row["text"].strip()
            for row in cells
            if row["sheet"] == sheet and (row["text"] or "").strip()
        }
        assert read == shown, (seed, one.kind)
        for value in values:
            _is_as_written(value, written, seed)


def _is_as_written(value: dict[str, str | None], written: Written, seed: int) -> None:
    """A value stands where its row and column are named, and is the number written there."""
    sheet, cell = str(value["sheet"]), str(value["cell"])
    text = written.get((sheet, cell))
    assert (value["text"] or "").strip() == (text or "").strip(), (seed, value)
    column, row_no = cell.rstrip("0123456789"), int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    in_column = {
        "".join(said.split()) for (where, at), said in written.items()
        if where == sheet and at.rstrip("0123456789") == column
    }  # fmt: skip
    assert in_column & HEADERS[str(value["value_column"])], (seed, value)
    in_row = {
        said.strip() for (where, at), said in written.items()
        if where == sheet and at.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == str(row_no)
    }  # fmt: skip
    code = str(value["row_code"])
    assert in_row & {code, code.lstrip("0"), str(value["item_zh"])}, (seed, value)
    number = value["number_text"]
    if number is None:
        assert value["issue_code"] in VOIDING_ISSUES, (seed, value)
        # A plain number is never lost, unless its row is said to be in another unit.
        is_plain = PLAIN.fullmatch((text or "").strip()) and len(text or "") < 16
        assert not is_plain or value["issue_code"] == "unit_differs", (seed, value)
        return
    plain = (text or "").strip().translate(str.maketrans("０１２", "012", ",")).strip()
    if PLAIN.fullmatch(plain):
        assert Decimal(number) == Decimal(plain), (seed, value)
    else:
        assert number == SCALED[plain], (seed, value)
        assert value["issue_code"] in {"unit_scaled", "unit_spelled", "growth_word"}
