"""Every awkward file of the corpus is read or refused exactly as its manifest says.

All files go through the guarded readers in one run, as in a night: what kills a reader costs itself
and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from sources.contract import FileToParse, ParsedBatch
from sources.errors import SourceError
from sources.numbers import number_as_text
from sources.readers.grid import address
from sources.submission_files import parse_many
from tests.corpus import (
    accepted_contents,
    accepted_formats,
    accepted_several,
    drifted,
    refused_containers,
    refused_contents,
)
from tests.corpus.cases import NAMES, Case, Form, Refusal
from tests.unit.sources.builders import small_definitions

MANIFEST: list[Case] = [
    *accepted_formats.CASES,
    *accepted_contents.CASES,
    *accepted_several.CASES,
    *drifted.CASES,
    *refused_containers.CASES,
    *refused_contents.CASES,
]


class Read:
    """Everything the readers said, by key."""

    def __init__(self, batches: list[ParsedBatch]) -> None:
        self.batches = batches
        self.identities = {k: v for b in batches for k, v in b.identities.items()}
        self.errors = {k: v for b in batches for k, v in b.errors.items()}
        self.checks = {k: v for b in batches for k, v in b.checks.items()}
        self.values: dict[str, dict[tuple[str, str], tuple[str, str, str]]] = {}
        self.cells: dict[str, dict[tuple[str, str], str]] = {}
        for batch in batches:
            for row in batch.values.iter_rows(named=True):
                at = (row["row_code"], row["value_column"])
                said = (row["cell"], row["number_text"], row["issue_code"])
                self.values.setdefault(row["key"], {})[at] = said
            for row in batch.cells.iter_rows(named=True):
                self.cells.setdefault(row["key"], {})[row["sheet"], row["cell"]] = row["text"]

    def forms_of(self, key: str) -> Iterator[str]:
        """The keys of all that one received file became, in order."""
        for batch in self.batches:
            if key in batch.archives:
                for member in batch.archives[key]:
                    if not member.is_evidence:
                        yield from self.forms_of(member.key)
                return
            if key in batch.forms:
                yield from batch.forms[key]
                return
        yield key


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    folder = tmp_path_factory.mktemp("corpus")
    files = []
    for number, case in enumerate(MANIFEST):
        path = folder / str(number)
        path.write_bytes(case.build())
        files.append(FileToParse(str(number), path, case.file_name, "900101"))
    # What is read is asked here, not how fast: a busy machine may take its time.
    found = parse_many(files, small_definitions(), False, workers=2, timeout_seconds=240)
    return Read(list(found))


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(MANIFEST) >= 120
    assert sum(case.is_accepted for case in MANIFEST) >= 50
    assert len({case.name for case in MANIFEST}) == len(MANIFEST)


@pytest.mark.parametrize("number", range(len(MANIFEST)), ids=[case.name for case in MANIFEST])
def test_a_file_is_read_or_refused_as_the_manifest_says(number: int, read: Read) -> None:
    case = MANIFEST[number]
    keys = list(read.forms_of(str(number)))
    found = [read.errors.get(key) for key in keys]
    assert len(keys) == len(case.forms), [str(error) for error in found]
    for key, expected in zip(keys, case.forms, strict=True):
        if isinstance(expected, Refusal):
            _is_refused(read.errors.get(key), expected)
            assert key not in read.values
        else:
            assert key not in read.errors, str(read.errors[key])
            _is_read(read, key, expected)
    for sheet, rows in (case.cells or {}).items():
        expected_cells = {
            (sheet, address(row_no, column_no)): _as_text(value)
            for row_no, row in enumerate(rows)
            for column_no, value in enumerate(row)
            if value is not None
        }
        filed = {at: text for at, text in read.cells[keys[0]].items() if at[0] == sheet}
        assert filed == expected_cells


LINKS = (
    "a link to another program", "a formula that starts another program",
    "an OpenDocument formula that starts another program",
)  # fmt: skip


@pytest.mark.parametrize("name", LINKS)
def test_a_link_to_another_program_is_to_be_cut_not_saved_again(name: str, read: Read) -> None:
    (number,) = [number for number, case in enumerate(MANIFEST) if case.name == name]
    assert "改为直接填写" in read.errors[str(number)].advice_zh


def _is_refused(error: SourceError | None, expected: Refusal) -> None:
    assert type(error) is expected.error, str(error)
    assert expected.words in error.message_zh
    if expected.sheet is not None:
        assert error.sheet == expected.sheet, error.message_zh
    if expected.cell is not None:
        assert error.cell == expected.cell, error.message_zh


def _is_read(read: Read, key: str, expected: Form) -> None:
    identity = read.identities[key]
    found = (identity.unit_code, identity.period_code, identity.is_nil_return)
    assert found == (expected.unit, expected.period, expected.is_nil)
    assert read.values[key] == {NAMES[name]: value for name, value in expected.values.items()}
    assert tuple(check.rule_id for check in read.checks.get(key, ())) == expected.notes
    if expected.people is not None:
        assert identity.people == expected.people


def _as_text(value: object) -> str:
    if isinstance(value, float):
        return number_as_text(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value)
