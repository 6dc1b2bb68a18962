"""Sorting: whose an unsorted arrival is, and which submission a scan belongs to.

Nothing is settled here for a unit: what the content says waits for one confirmation. A scan hangs
on the one submission its mail, its name or its neighbour points to, else on the unit alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine

from orchestration.stages.loading import parse
from sources.definitions import Definitions
from sources.evidence import form_named, period_named, stem_of, unit_named
from warehouse.ledger.arrivals import arrivals_in_state, link_evidence, propose
from warehouse.queries.ledger import submission_rows
from warehouse.raw_files import raw_path
from warehouse.settings import Settings

Row = Mapping[str, Any]
_NOT_FILED = ("refused", "withdrawn")


def recognise(settings: Settings, definitions: Definitions, engine: Engine) -> int:
    """Number of arrivals that wait for somebody to confirm whose they are."""
    waiting = arrivals_in_state(engine, "unsorted")
    new = [row for row in waiting if row["proposed_unit_code"] is None]
    forms = [row for row in new if not row["is_evidence"]]
    proposals = _from_content(settings, definitions, forms) if forms else {}
    of_mails: dict[tuple[str, str], set[str]] = {}
    for row in forms:
        unit = proposals[row["arrival_id"]]["proposed_unit_code"]
        if unit is not None:
            of_mails.setdefault((row["place"], row["far_id"]), set()).add(unit)
    for row in new:
        if row["is_evidence"]:
            beside = of_mails.get((row["place"], row["far_id"]), set())
            proposals[row["arrival_id"]] = _of_scan(row, beside, definitions)
    propose(engine, proposals)
    return len(waiting)


def hang_up_evidence(definitions: Definitions, engine: Engine) -> int:
    """Number of scans and photos newly hung on a submission."""
    loose = [row for row in arrivals_in_state(engine, "evidence") if row["submission_id"] is None]
    if not loose:
        return 0
    of_mails: dict[tuple[str, str], set[str]] = {}
    for row in arrivals_in_state(engine, "recorded"):
        of_mails.setdefault((row["place"], row["far_id"]), set()).add(row["submission_id"])
    filed = {
        unit: [
            row
            for row in submission_rows(engine, {"unit_code": unit})
            if row["version"] is not None and row["state_code"] not in _NOT_FILED
        ]
        for unit in {row["unit_code"] for row in loose}
    }
    links = {
        row["arrival_id"]: found
        for row in loose
        if (found := _belongs_to(row, filed[row["unit_code"]], of_mails, definitions))
    }
    link_evidence(engine, links)
    return len(links)


def _from_content(
    settings: Settings, definitions: Definitions, rows: Sequence[Row]
) -> dict[str, dict[str, str | None]]:
    wanted = [
        (row["arrival_id"], raw_path(settings, row["file_sha256"]), row["file_name"], None)
        for row in rows
    ]
    parsed = parse(settings, definitions, wanted)
    found = {}
    for row in rows:
        key = row["arrival_id"]
        # Of several forms the first that is sound speaks for the file: they come from one sender.
        forms = parsed.everything_of(key)
        if not forms:
            found[key] = _of_scan(row, set(), definitions)
            continue
        spokesman = next((form for form in forms if form in parsed.identities), forms[0])
        error = parsed.errors.get(spokesman)
        identity = error.identity if error is not None else parsed.identities[spokesman]
        note = error.message_zh if error is not None else None
        unit = definitions.unit(identity.unit_code) if identity else None
        if unit is None:
            unit = unit_named(row["file_name"], definitions.units.values())
        if unit is not None and row["city_code"] not in (None, unit.city_code):
            note = f"表内单位{unit.unit_name_zh}不属于收到它的城市（{row['city_code']}）"
        found[key] = {
            "proposed_unit_code": unit.unit_code if unit else None,
            "form_code": identity.form_code if identity else None,
            "period_code": identity.period_code if identity else None,
            "proposal_note_zh": note,
        }
    return found


def _of_scan(row: Row, beside: set[str], definitions: Definitions) -> dict[str, str | None]:
    """What a scan's name says, else the unit of the form that came in the same mail."""
    named = unit_named(row["file_name"], definitions.units.values())
    period = period_named(row["file_name"])
    unit = named.unit_code if named else next(iter(beside)) if len(beside) == 1 else None
    return {
        "proposed_unit_code": unit,
        "form_code": form_named(row["file_name"], definitions),
        "period_code": period.code if period else None,
        "proposal_note_zh": None if unit else "扫描件，看不出是哪个单位的",
    }


def _belongs_to(
    scan: Row,
    filed: Sequence[Row],
    of_mails: Mapping[tuple[str, str], set[str]],
    definitions: Definitions,
) -> str | None:
    """The submission a scan belongs to; `filed` holds the unit's, newest arrival first."""
    beside = of_mails.get((scan["place"], scan["far_id"]), set())
    if len(beside) == 1:
        return next(iter(beside))
    stem = stem_of(scan["file_name"])
    same_name = [row for row in filed if stem and stem_of(row["file_name"]) == stem]
    if len({_key(row) for row in same_name}) == 1:
        return str(same_name[0]["submission_id"])
    period = period_named(scan["file_name"])
    if period is None:
        return None
    form = form_named(scan["file_name"], definitions)
    matching = [
        row
        for row in filed
        if row["period_code"] == period.code and form in (None, row["form_code"])
    ]
    return str(matching[0]["submission_id"]) if len({_key(row) for row in matching}) == 1 else None


def _key(row: Row) -> tuple[str, str]:
    return row["form_code"], row["period_code"]
