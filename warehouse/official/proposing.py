"""Proposing an official release, and telling its approver what to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from sqlalchemy import Engine

from sources.evidence import evidence_kind
from sources.periods import Period, PeriodError, parse_period
from sources.readers.grid import LIMITS
from sources.vocabulary import OFFICIAL_REPORT_PERIODS, OFFICIAL_REPORT_ZH
from warehouse.ledger.closing import closed_periods
from warehouse.ledger.decisions import checked_author
from warehouse.ledger.engine import writing
from warehouse.ledger.officials import add_proposal
from warehouse.official.errors import OfficialRefused
from warehouse.official.figures import figure_changes
from warehouse.official.looking import checked_base, find, manifest_of, missing
from warehouse.queries.published import ask, manifest
from warehouse.raw_files import StoredFile, flush_file, store_bytes
from warehouse.releases.history import published_manifest
from warehouse.settings import Settings

Row = dict[str, Any]
_ENDINGS = {"jpg": (".jpg", ".jpeg")}


@dataclass(frozen=True)
class Proposed:
    """What a proposal came to, and what its approver should know."""

    proposal_id: str
    base_release_id: str
    missing_zh: tuple[str, ...]
    """What must be there before it can be approved."""
    changes: tuple[Row, ...]
    """Official figures with another value now; those without `revision_order` are undecided."""
    open_forms: tuple[Row, ...]
    """form_code and period_code of what the city has not closed (未封库) within the period."""
    is_held: bool
    """Whether the base shows the city's rows of an earlier release (被拦下)."""


def propose(
    settings: Settings,
    engine: Engine,
    *,
    city_code: str,
    report_code: str,
    period_code: str,
    author: str,
    at: datetime,
    base_release_id: str | None = None,
    document_number: str = "",
    embargo_until: datetime | None = None,
    scan: bytes | None = None,
    scan_name: str = "",
    note: str = "",
) -> Proposed:
    """Proposes an official release; a proposal of the same that nobody decided on is replaced.

    Args:
        settings: the workspace.
        engine: the ledger.
        city_code: the city.
        report_code: a code of `OFFICIAL_REPORT_ZH`.
        period_code: what the report is of, 2025-Q4 or 2025.
        author: the account that proposes.
        at: business moment.
        base_release_id: the nightly release it is made from; the published one.
        document_number: 文号; may come with a later proposal, but before the approval.
        embargo_until: business moment before which the public reads nothing of it.
        scan: the scan of the sealed table (盖章扫描件); may come later too.
        scan_name: its file name.
        note: what the approver should know.

    Raises:
        OfficialRefused: the report, period, city, base or scan cannot be one.
        NoRelease: nothing is published, or the base is not kept.
    """
    checked_author(author)
    base = base_release_id or str(manifest(settings)["release_id"])
    period = _checked_subject(settings, city_code, report_code, period_code, base)
    kept = _kept_scan(settings, scan) if scan is not None else None
    number = document_number.strip() or None
    with writing(engine) as connection:
        proposal_id = add_proposal(
            connection, (city_code, report_code, period.code), base_release_id=base,
            document_number=number, embargo_until=embargo_until, scan=kept,
            scan_name=_scan_name(scan_name, scan) if scan is not None else None,
            author=author, at=at, note=note.strip() or None,
        )  # fmt: skip
    return told_of(settings, engine, proposal_id)


def told_of(settings: Settings, engine: Engine, proposal_id: str) -> Proposed:
    """What a proposal came to, asked again: for who is to approve it.

    Raises:
        UnknownProposal: there is none.
    """
    row = find(engine, proposal_id)
    base, city = str(row["base_release_id"]), str(row["city_code"])
    held = list(manifest_of(settings, base)["held_cities"])
    published = published_manifest(settings)
    if published is not None and published["release_id"] == base:
        # A night that publishes nothing anew notes there whom it holds back.
        held += published["held_cities"]
    return Proposed(
        proposal_id=str(row["proposal_id"]),
        base_release_id=base,
        missing_zh=missing(row),
        changes=tuple(figure_changes(settings, engine, city, base, before=row["decision_order"])),
        open_forms=tuple(_open_forms(settings, engine, row)),
        is_held=any(one["city_code"] == city for one in held),
    )


def _checked_subject(
    settings: Settings, city_code: str, report_code: str, period_code: str, base: str
) -> Period:
    """The period of a report that can be made from a base.

    Raises:
        OfficialRefused: it cannot.
        NoRelease: the base is not kept.
    """
    if report_code not in OFFICIAL_REPORT_ZH:
        known = "、".join(f"{code}（{name}）" for code, name in OFFICIAL_REPORT_ZH.items())
        raise OfficialRefused(f"没有报告种类“{report_code}”；可用：{known}。")
    name = OFFICIAL_REPORT_ZH[report_code]
    wanted = OFFICIAL_REPORT_PERIODS[report_code]
    try:
        period = parse_period(period_code)
    except PeriodError as error:
        raise OfficialRefused(
            f"“{period_code}”不是报告期代码：季报写 2025-Q4，其他报告写 2025。"
        ) from error
    if period.period_type != wanted:
        example = {"quarter": "2025-Q4", "year": "2025"}[wanted]
        raise OfficialRefused(f"{name}的报告期应写成 {example} 的样子，收到“{period_code}”。")
    told = checked_base(settings, base)
    if period.end.isoformat() > str(told["as_of"]):
        raise OfficialRefused(
            f"{period.label_zh}尚未结束：发布 {base} 截至 {told['as_of']}，不能作{name}的依据。"
        )
    has_figures = ask(
        settings,
        "select 1 from marts.plans where city_code = $city"
        " union select 1 from marts.city_indicators where city_code = $city limit 1",
        {"city": city_code},
        base,
    )
    if not has_figures:
        raise OfficialRefused(f"发布 {base} 中没有城市“{city_code}”的规划和指标。")
    return period


def _kept_scan(settings: Settings, data: bytes) -> StoredFile:
    if len(data) > LIMITS.file_bytes:
        raise OfficialRefused(f"盖章扫描件超过 {LIMITS.file_bytes >> 20} MB。")
    if evidence_kind(data) is None:
        raise OfficialRefused("盖章扫描件应为 PDF、JPG、PNG 或 OFD 文件；收到的不是。")
    kept = store_bytes(settings, data)
    flush_file(kept)
    return kept


def _scan_name(given: str, data: bytes) -> str:
    """The sender's file name, with the ending of what the bytes are.

    The scan is laid where browsers open it, under its ending: a page that holds a PDF is no page.
    """
    kind = str(evidence_kind(data))
    name = PurePath(given).name.strip() or "扫描件"
    is_told = PurePath(name).suffix.lower() in _ENDINGS.get(kind, (f".{kind}",))
    return name if is_told else f"{name}.{kind}"


def _open_forms(settings: Settings, engine: Engine, row: Row) -> list[Row]:
    """Forms of a city due within the report's period that are not closed."""
    period = parse_period(str(row["period_code"]))
    asked = ask(
        settings,
        "select distinct form_code, period_code from marts.reporting_rates"
        " where city_code = ? and is_expected and period_start >= ? and period_end <= ?"
        " order by form_code, period_code",
        [row["city_code"], period.start, period.end],
        str(row["base_release_id"]),
    )
    with engine.connect() as connection:
        closed = closed_periods(connection)
    return [
        one for one in asked
        if (row["city_code"], one["form_code"], one["period_code"]) not in closed
    ]  # fmt: skip
