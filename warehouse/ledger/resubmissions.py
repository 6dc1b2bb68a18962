"""What a new version mended: findings of the versions before it that it no longer has.

A version is compared with the last one before it that was judged; one that could not be read
mends nothing. The same finding is the same rule at the same element, or at the same cell where the
rule knows no element: a form may have been filled anew with its rows elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from warehouse.ledger.changes import SYSTEM, chunks
from warehouse.ledger.engine import writing
from warehouse.ledger.findings import MENDED
from warehouse.ledger.intake import newest_order
from warehouse.ledger.states import OUT
from warehouse.ledger.tables import findings, submissions

Row = Mapping[str, Any]

_UNJUDGED = OUT | {"received"}
_OUT_OF_FORCE = frozenset({"held", "returned", "refused"})
"""What may still be accepted keeps its findings open: they would stand in its way."""


@dataclass(frozen=True)
class Comparison:
    """A version beside the one before: findings gone, still there, and new."""

    before_id: str
    corrected: Sequence[Row]
    remaining: frozenset[str]
    """Ids of this version's findings that the one before had too."""
    new_count: int

    @property
    def text_zh(self) -> str:
        """The comparison in one sentence."""
        if not self.corrected and not self.remaining and not self.new_count:
            return "两版均未发现问题。"
        return (
            f"已更正 {len(self.corrected)} 条，仍有 {len(self.remaining)} 条，"
            f"新出现 {self.new_count} 条。"
        )


def same_finding(row: Row) -> tuple[str, ...]:
    """What makes a finding of one version that of another."""
    if row["element_code"]:
        return (row["rule_id"], row["element_code"])
    return (row["rule_id"], row["sheet"] or "", row["cell"] or "")


def compare(before_id: str, before: Iterable[Row], now: Iterable[Row]) -> Comparison:
    """This version's findings beside those of the version before."""
    old = {same_finding(row): row for row in before}
    ours = list(now)
    keys = {same_finding(row) for row in ours}
    remaining = frozenset(row["finding_id"] for row in ours if same_finding(row) in old)
    corrected = [row for key, row in old.items() if key not in keys]
    return Comparison(before_id, corrected, remaining, len(ours) - len(remaining))


def comparisons(
    connection: Connection, submission_ids: Iterable[str], answered: Mapping[str, str]
) -> dict[str, Comparison]:
    """The comparison of each version that has one before it.

    Args:
        connection: the ledger.
        submission_ids: the versions asked about; those that were not judged have none.
        answered: the submission whose answer a file was, where its workbook says so; it stands in
            for the version before when the file refused then was not even identified.
    """
    wanted = set(submission_ids)
    rows = _versions(connection, wanted, answered)
    by_id = {row["submission_id"]: row for row in rows}
    before = {
        key: earlier
        for key in sorted(wanted)
        if key in by_id
        and by_id[key]["state_code"] not in _UNJUDGED
        and (earlier := _before(by_id[key], rows, answered.get(key)))
    }
    said = _findings_of(connection, {*before, *before.values()})
    return {
        key: compare(earlier, said.get(earlier, ()), _standing(said.get(key, ())))
        for key, earlier in before.items()
    }


def against_newest(
    connection: Connection, subject: tuple[str, str, str], now: Iterable[Row]
) -> Comparison | None:
    """Findings of a file not yet filed beside the newest version of its unit, form and period."""
    unit, form, period = subject
    found = select(submissions).where(
        submissions.c.unit_code == unit,
        submissions.c.form_code == form,
        submissions.c.period_code == period,
        submissions.c.state_code != "withdrawn",
    )
    rows = sorted((dict(row) for row in connection.execute(found).mappings()), key=newest_order)
    judged = [row for row in rows if row["state_code"] not in _UNJUDGED]
    if not rows:
        return None
    before = str((judged or rows)[-1]["submission_id"])
    return compare(before, _findings_of(connection, [before]).get(before, ()), now)


def close_mended(engine: Engine, submission_ids: Iterable[str], answered: Mapping[str, str]) -> int:
    """Number of findings of earlier versions out of force that the versions named have mended."""
    wanted = set(submission_ids)
    closed = 0
    with writing(engine) as connection:
        rows = _versions(connection, wanted, answered)
        by_id = {row["submission_id"]: row for row in rows}
        for key in sorted(wanted & by_id.keys()):
            ours = by_id[key]
            if ours["state_code"] in _UNJUDGED:
                continue
            earlier = {row["submission_id"] for row in _earlier(ours, rows)}
            told = by_id.get(answered.get(key, ""))
            if told is not None and told["unit_code"] == ours["unit_code"]:
                earlier.add(answered[key])
            earlier = {one for one in earlier if by_id[one]["state_code"] in _OUT_OF_FORCE}
            said = _findings_of(connection, earlier | {key})
            standing = {same_finding(row) for row in _standing(said.get(key, ()))}
            gone = [
                row["finding_id"]
                for before in earlier
                for row in said.get(before, ())
                if row["status_code"] in ("open", "returned") and same_finding(row) not in standing
            ]
            closed += len(gone)
            for part in chunks(gone):
                connection.execute(
                    update(findings)
                    .where(findings.c.finding_id.in_(part))
                    .values(
                        status_code="corrected",
                        reason_code=MENDED,
                        reason_text=key,
                        decided_by=SYSTEM,
                        decided_at=ours["known_from"],
                    )
                )
    return closed


def _standing(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["status_code"] != "closed"]


def _versions(
    connection: Connection, wanted: set[str], answered: Mapping[str, str]
) -> list[dict[str, Any]]:
    """All versions of the units, forms and periods of those wanted, and what they answered."""
    names = (
        "submission_id", "unit_code", "form_code", "period_code", "version", "received_at",
        "file_name", "state_code", "known_from",
    )  # fmt: skip
    columns = [submissions.c[name] for name in names]
    asked = wanted | set(answered.values())
    own: list[dict[str, Any]] = []
    for part in chunks(sorted(asked)):
        found = select(*columns).where(submissions.c.submission_id.in_(part))
        own += [dict(row) for row in connection.execute(found).mappings()]
    keys = {_series(row) for row in own if row["submission_id"] in wanted}
    units = sorted({row["unit_code"] for row in own if row["submission_id"] in wanted})
    everything = {row["submission_id"]: row for row in own}
    # Only a version after the first has anything before it.
    if any((row["version"] or 1) > 1 for row in own):
        for part in chunks(units):
            found = select(*columns).where(submissions.c.unit_code.in_(part))
            for row in map(dict, connection.execute(found).mappings()):
                if _series(row) in keys:
                    everything[row["submission_id"]] = row
    return list(everything.values())


def _series(row: Row) -> tuple[str, str | None, str | None]:
    return (row["unit_code"], row["form_code"], row["period_code"])


def _earlier(ours: Row, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Versions of the same unit, form and period that arrived before; the newest last."""
    if ours["version"] is None:
        return []
    before = [
        row
        for row in rows
        if row["version"] is not None
        and _series(row) == _series(ours)
        and newest_order(row) < newest_order(ours)
        and row["state_code"] != "withdrawn"
    ]
    return sorted(before, key=newest_order)


def _before(ours: Row, rows: Iterable[dict[str, Any]], answered: str | None) -> str | None:
    """What a version is compared with: the unidentified file whose answer it is, else the last."""
    known = {row["submission_id"]: row for row in rows}
    told = known.get(answered or "")
    if told is not None and told["version"] is None and told["unit_code"] == ours["unit_code"]:
        return answered
    earlier = _earlier(ours, rows)
    judged = [row for row in earlier if row["state_code"] not in _UNJUDGED]
    return str((judged or earlier)[-1]["submission_id"]) if earlier else None


def _findings_of(connection: Connection, submission_ids: Iterable[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for part in chunks(sorted(submission_ids)):
        rows = select(findings).where(findings.c.submission_id.in_(part))
        for row in connection.execute(rows.order_by(findings.c.finding_id)).mappings():
            found.setdefault(row["submission_id"], []).append(dict(row))
    return found
