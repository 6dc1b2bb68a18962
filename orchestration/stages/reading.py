"""Reading: kept files parsed in guarded child processes, recorded in the ledger, loaded as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from expectations.findings import findings_frame, from_sheet_check, from_source_error
from expectations.rules import Rules
from orchestration.progress import tell
from orchestration.stages import last_failure
from orchestration.stages.loading import Parsed, load, load_unread, parse
from orchestration.stages.papers import hang_on_neighbours, keep_papers
from orchestration.stages.receiving import KeptArrival, kept_for_reading, let_go
from orchestration.stages.sorting import hang_up_evidence, recognise
from sources.contract import FormIdentity
from sources.definitions import Definitions
from sources.errors import SourceError
from sources.succession import is_same_body
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.findings import record_findings
from warehouse.ledger.intake import ParsedRecord, Recorded, record_batch
from warehouse.raw_files import raw_path
from warehouse.releases.history import last_as_of
from warehouse.settings import Settings
from warehouse.workspace import is_synthetic, mark_kind


@dataclass(frozen=True)
class Read:
    """What became of the files of a night."""

    files: int
    received: int
    refused: int
    unchanged: int
    unsorted: int
    """Files of all nights that wait for somebody to confirm whose they are."""
    resumed: int = 0
    """Files that an unfinished night had recorded already; they are no repetitions."""


def read(settings: Settings, definitions: Definitions) -> Read:
    """Every kept file read once; a bad one is refused in words and stops nothing else."""
    has_failed = last_failure(settings) is not None
    engine = open_ledger(settings)
    try:
        kept = kept_for_reading(settings, engine)
        parsed = _parse_kept(settings, definitions, kept)
        is_demo = bool(is_synthetic(settings))
        filed = [form for i, one in enumerate(kept) for form in _forms_of(one, str(i), parsed)]
        keep_papers(settings, engine, kept, parsed)
        records = [_record(definitions, one, parsed, is_demo) for one in filed]
        recorded = record_batch(engine, records, settings.clock.now(), last_as_of(settings))
        findings = _reader_findings(filed, recorded, parsed, Rules.load(definitions))
        record_findings(engine, findings)
        hang_on_neighbours(engine, kept, _submissions_of(filed, recorded))
        new = {
            form.key: one.submission_id
            for form, one in zip(filed, recorded, strict=True)
            if one.outcome == "recorded" and one.state_code == "received"
        }
        load(settings, parsed, new, {form.key: form.sha256 for form in filed})
        load_unread(settings, definitions, engine)
        unsorted = recognise(settings, definitions, engine)
        hang_up_evidence(definitions, engine)
    finally:
        engine.dispose()
    let_go(settings, kept)
    refused = sum(one.outcome == "recorded" and one.state_code == "refused" for one in recorded)
    repeated = [one for one in recorded if one.outcome == "no_op"]
    resumed = sum(_is_resumed(one, has_failed=has_failed) for one in repeated)
    return Read(len(kept), len(new), refused, len(repeated) - resumed, unsorted, resumed)


def _is_resumed(one: Recorded, *, has_failed: bool) -> bool:
    """Whether a file is no repetition but one that a night cut off had left in the inbox."""
    return one.is_same_arrival and (has_failed or one.state_code == "received")


def _submissions_of(filed: Sequence[_Filed], recorded: Sequence[Recorded]) -> dict[int, set[str]]:
    """The submissions that the arrivals became, by the arrival's place; refused ones are none."""
    found: dict[int, set[str]] = {}
    for form, one in zip(filed, recorded, strict=True):
        if one.state_code != "refused":
            found.setdefault(int(form.key.partition("/")[0]), set()).add(one.submission_id)
    return found


@dataclass(frozen=True)
class _Filed:
    """One form of an arrived file: the file's own, one of several, or a member of an archive."""

    key: str
    kept: KeptArrival
    file_name: str
    sha256: str
    size_bytes: int
    part: int = 0
    is_member: bool = False


def _forms_of(kept: KeptArrival, key: str, parsed: Parsed) -> Iterator[_Filed]:
    """Every form that one arrived file became."""
    files = [_Filed(key, kept, kept.arrival.file_name, kept.sha256, kept.size_bytes)]
    if key in parsed.archives:
        files = [
            _Filed(m.key, kept, m.file_name, m.sha256, m.size_bytes, is_member=True)
            for m in parsed.archives[key]
            if not m.is_evidence
        ]
    for file in files:
        forms = parsed.forms_of(file.key)
        for number, own_key in enumerate(forms, start=1):
            yield replace(file, key=own_key, part=number if len(forms) > 1 else 0)


def _parse_kept(
    settings: Settings, definitions: Definitions, kept: Sequence[KeptArrival]
) -> Parsed:
    if not kept:
        return Parsed.nothing()
    if is_synthetic(settings) is None:
        # The first files decide what the workspace is; `demo` has claimed its own already.
        mark_kind(settings, False)
    wanted = [
        (str(i), raw_path(settings, one.sha256), one.arrival.file_name, one.arrival.unit_code)
        for i, one in enumerate(kept)
    ]
    tell(f"读取：0/{len(wanted)}")
    return parse(settings, definitions, wanted)


def _record(definitions: Definitions, filed: _Filed, parsed: Parsed, is_demo: bool) -> ParsedRecord:
    key, kept, arrival = filed.key, filed.kept, filed.kept.arrival
    error = parsed.errors.get(key)
    identity = error.identity if error is not None else parsed.identities[key]
    sender = arrival.unit_code
    # A recoded body's folder may bear its other code: the form says which the period has.
    is_same = identity is not None and is_same_body(sender, identity.unit_code, definitions)
    filer = identity.unit_code if identity is not None and is_same else sender
    unit = definitions.unit(filer)
    return ParsedRecord(
        unit_code=filer,
        city_code=unit.city_code if unit else arrival.city_code,
        file_sha256=filed.sha256,
        size_bytes=filed.size_bytes,
        file_name=filed.file_name,
        channel_kind=arrival.channel_kind,
        received_at=arrival.received_at,
        # What an authority published is real in every workspace.
        is_synthetic=is_demo and (identity is None or identity.form_kind != "authority"),
        form_code=identity.form_code if identity else None,
        form_version=identity.form_version if identity else None,
        period_code=identity.period_code if identity else None,
        is_refused=error is not None,
        is_nil_return=bool(identity and identity.is_nil_return),
        cells_read=parsed.cells_read.get(key, 0),
        refusal_rule_id=error.rule_id if error is not None else None,
        refusal_text=error.message_zh if error is not None else None,
        arrival_id=kept.arrival_id,
        first_seen_at=kept.first_seen_at,
        entered_by=kept.entered_by,
        people=dict(identity.people) if identity else {},
        archive_sha256=kept.sha256 if filed.is_member else None,
        archive_bytes=kept.size_bytes if filed.is_member else 0,
        form_sheet=_own_sheet(filed, identity, error),
        part=filed.part,
    )


def _own_sheet(
    filed: _Filed, identity: FormIdentity | None, error: SourceError | None
) -> str | None:
    """The sheet of a form that shares its workbook with others."""
    if not filed.part:
        return None
    return (identity.sheet if identity else None) or (error.sheet if error else None)


def _reader_findings(
    filed: Sequence[_Filed], recorded: Sequence[Recorded], parsed: Parsed, rules: Rules
) -> pl.DataFrame:
    """The findings that refusals, and what the readers noted in a file, stand for."""
    rows: list[dict[str, str | None]] = []
    for form, one in zip(filed, recorded, strict=True):
        key, record = form.key, one.record
        about = (one.submission_id, record.unit_code, record.form_code, record.period_code)
        if key in parsed.errors and one.state_code == "refused":
            rows.append(from_source_error(parsed.errors[key], *about, rules))
        elif one.outcome == "recorded":
            rows += [from_sheet_check(check, *about, rules) for check in parsed.checks.get(key, ())]
    return findings_frame(rows)
