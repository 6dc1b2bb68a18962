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
Series = tuple[str, str | None, str | None]

_REMEMBERED = (
    "submission_id", "unit_code", "form_code", "period_code", "version", "received_at",
    "file_name", "state_code", "known_from",
)  # fmt: skip

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
    shelf = _Shelf(connection, wanted, answered)
    before = {
        key: earlier
        for key in sorted(wanted & shelf.by_id.keys())
        if shelf.is_judged(key) and (earlier := shelf.before(key))
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
        shelf = _Shelf(connection, wanted, answered)
        for key in sorted(wanted & shelf.by_id.keys()):
            earlier = shelf.out_of_force_before(key) if shelf.is_judged(key) else set()
            if not earlier:
                continue
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
                        decided_at=shelf.by_id[key]["known_from"],
                    )
                )
    return closed


def _standing(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["status_code"] != "closed"]


class _Shelf:
    """All versions of the units, forms and periods of those wanted, and what they answered."""

    def __init__(
        self, connection: Connection, wanted: set[str], answered: Mapping[str, str]
    ) -> None:
        self._answered = answered
        columns = [submissions.c[name] for name in _REMEMBERED]
        self.by_id: dict[str, dict[str, Any]] = {}
        for part in chunks(sorted(wanted | set(answered.values()))):
            found = select(*columns).where(submissions.c.submission_id.in_(part))
            self._keep(connection.execute(found).mappings())
        # Only a version after the first has anything before it.
        later = {
            _series(row)
            for row in self.by_id.values()
            if (row["version"] or 1) > 1 and row["submission_id"] in wanted
        }
        for part in chunks(sorted({str(unit) for unit, _, _ in later})):
            found = select(*columns).where(submissions.c.unit_code.in_(part))
            rows = [dict(row) for row in connection.execute(found).mappings()]
            self._keep(row for row in rows if _series(row) in later)
        self._lines: dict[Series, list[dict[str, Any]]] = {}
        for row in self.by_id.values():
            if row["version"] is not None and row["state_code"] != "withdrawn":
                self._lines.setdefault(_series(row), []).append(row)

    def _keep(self, rows: Iterable[Any]) -> None:
        self.by_id |= {row["submission_id"]: dict(row) for row in rows}

    def is_judged(self, key: str) -> bool:
        """Whether the rules were asked of a version."""
        return self.by_id[key]["state_code"] not in _UNJUDGED

    def before(self, key: str) -> str | None:
        """What a version is compared with: the unidentified file it answers, else the last."""
        told = self._told(key)
        if told is not None and told["version"] is None:
            return str(told["submission_id"])
        earlier = self._earlier(key)
        judged = [row for row in earlier if row["state_code"] not in _UNJUDGED]
        return str((judged or earlier)[-1]["submission_id"]) if earlier else None

    def out_of_force_before(self, key: str) -> set[str]:
        """Versions before it, and the file it answers, that can no longer be accepted as such."""
        told = self._told(key)
        rows = self._earlier(key) + ([told] if told is not None else [])
        return {row["submission_id"] for row in rows if row["state_code"] in _OUT_OF_FORCE}

    def _told(self, key: str) -> dict[str, Any] | None:
        """The submission whose answer a file is; another unit's answer says nothing."""
        told = self.by_id.get(self._answered.get(key, ""))
        is_own = told is not None and told["unit_code"] == self.by_id[key]["unit_code"]
        return told if is_own else None

    def _earlier(self, key: str) -> list[dict[str, Any]]:
        """Versions of the same unit, form and period that arrived before; the newest last."""
        ours = self.by_id[key]
        line = self._lines.get(_series(ours), ()) if ours["version"] is not None else ()
        before = [row for row in line if newest_order(row) < newest_order(ours)]
        return sorted(before, key=newest_order)


def _series(row: Row) -> Series:
    return (row["unit_code"], row["form_code"], row["period_code"])


def _findings_of(connection: Connection, submission_ids: Iterable[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for part in chunks(sorted(submission_ids)):
        rows = select(findings).where(findings.c.submission_id.in_(part))
        for row in connection.execute(rows.order_by(findings.c.finding_id)).mappings():
            found.setdefault(row["submission_id"], []).append(dict(row))
    return found
