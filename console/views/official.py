"""正式发布: a city's reports proposed, approved by a second person, and revised by decision only.

The verbs, their order and their refusals are the ledger's; nothing is decided here. Until it may be
read by the public, a proposal is for the city's own offices and the auditor: to anybody else it
looks like what is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from starlette.responses import FileResponse, RedirectResponse, Response

from console import reach
from console.acting import author_of
from console.desk import Visit
from console.errors import ConsoleError, NotHere
from console.routes import Act, Declared, Download, Page
from sources.periods import containing, shift
from sources.readers.grid import LIMITS
from sources.vocabulary import OFFICIAL_REPORT_PERIODS, OFFICIAL_REPORT_ZH
from warehouse.access.scope import Place, may, require
from warehouse.errors import NoRelease, WarehouseError
from warehouse.official import verbs
from warehouse.official.errors import ProposalDecided, UnknownProposal
from warehouse.queries.history import in_words
from warehouse.raw_files import raw_path
from warehouse.releases.history import nightly_manifests, published_manifest

OWN = ("official.propose", "official.approve", "official.revise", "filings.read")
"""Any of which, held over a whole city, lets an account see what is not public yet."""
INNER = (
    "author", "decided_by", "reason_text", "decision_reason", "scan_name", "recorded_at",
)  # fmt: skip
"""What of a proposal only those see: names of accounts and scan, what was written."""
OFFERED = {"quarter": 8, "year": 5}
MOST_FIGURES = 300
_FIELDS = ("city", "report", "period", "base", "document_number", "embargo", "note")


def listing(visit: Visit) -> dict[str, Any]:
    """Every proposal that the account may know of, and the form for the next one."""
    return _listed(visit)


def one(visit: Visit) -> dict[str, Any]:
    """A proposal whole: who, what, which earlier official figures differ, and what may be done."""
    return _shown(visit, _proposal(visit))


def propose(visit: Visit) -> Mapping[str, Any] | Response:
    """Proposes; what is refused is said above the form, which keeps what was written."""
    given = {name: visit.field(name) for name in _FIELDS}
    if given["city"] not in _cities(visit, "official.propose"):
        raise NotHere(f"城市“{given['city'][:20]}”")
    require(visit.person, "official.propose", Place(given["city"]))
    upload = visit.upload("scan")
    scan = upload.file.read(LIMITS.file_bytes + 1) if upload else None
    try:
        embargo = _moment(given["embargo"])
        if not _is_repeat(visit, given, embargo, scan):
            done = verbs.propose(
                visit.settings, visit.engine, city_code=given["city"],
                report_code=given["report"], period_code=given["period"],
                author=author_of(visit), at=visit.desk.moment(),
                base_release_id=given["base"] or None,
                document_number=given["document_number"][:100], embargo_until=embargo, scan=scan,
                scan_name=str(upload.filename) if upload else "", note=given["note"][:1000],
            )  # fmt: skip
            return _back(done.proposal_id, "已提请，须由另一人批准。")
    except (WarehouseError, ConsoleError) as error:
        lost = "；扫描件需要重新选择" if upload else ""
        return _listed(visit, f"{error.message_zh.rstrip('。')}{lost}。", given)
    return RedirectResponse(f"/official?done={quote('已提请。')}", status_code=303)


def approve(visit: Visit) -> Response:
    """Approves, as another person than the proposer; the release is made and kept for ever."""
    row = _proposal(visit, "official.approve")
    try:
        done = verbs.approve(
            visit.settings, visit.engine, row["proposal_id"], author=author_of(visit),
            at=visit.desk.moment(), note=visit.field("note")[:1000],
        )  # fmt: skip
    except ProposalDecided:
        if not _is_mine(visit, row["proposal_id"], "approved"):
            raise
        return _back(row["proposal_id"], "已批准。")
    return _back(row["proposal_id"], f"已批准，正式发布 {done.release_id}。")


def reject(visit: Visit) -> Response:
    """Does not approve, with a reason; it may be proposed again."""
    row = _proposal(visit, "official.approve")
    try:
        verbs.reject(
            visit.engine, row["proposal_id"], author=author_of(visit), at=visit.desk.moment(),
            reason=visit.field("reason")[:1000],
        )  # fmt: skip
    except ProposalDecided:
        if not _is_mine(visit, row["proposal_id"], "rejected"):
            raise
    return _back(row["proposal_id"], "已驳回，可以重新提请。")


def revise(visit: Visit) -> Response:
    """Records that ticked figures of an earlier official release are other ones from now on."""
    row = _proposal(visit, "official.revise")
    keys = visit.fields("key")
    if not keys:
        raise ConsoleError("没有勾选要修订的数。")
    done = verbs.revise(
        visit.settings, visit.engine, _earlier(visit, row), author=author_of(visit),
        at=visit.desk.moment(), reason=visit.field("reason")[:1000],
        document_number=visit.field("document_number")[:100],
        base_release_id=str(row["base_release_id"]), keys=keys,
    )  # fmt: skip
    return _back(row["proposal_id"], f"已记录修订决定：{len(done.figures)} 个数。")


def _earlier(visit: Visit, row: Mapping[str, Any]) -> str:
    """The official release that the form names: of the proposal's own city, as the right is.

    Raises:
        NotHere: it is none of that city.
    """
    wanted = visit.field("from_release_id")
    own = verbs.official_releases(visit.settings, visit.engine, city_code=str(row["city_code"]))
    if not wanted or wanted not in {one["release_id"] for one in own}:
        raise NotHere(f"正式发布“{wanted[:40]}”")
    return wanted


def scan(visit: Visit) -> Response:
    """The scan of the sealed table; it may bear names, so it is for the city's own offices."""
    row = _proposal(visit)
    if not row["scan_sha256"] or not _is_own(visit, row["city_code"]):
        raise NotHere(f"提请“{row['proposal_id']}”的盖章扫描件")
    path = raw_path(visit.settings, row["scan_sha256"])
    if not path.is_file():
        raise NotHere(f"提请“{row['proposal_id']}”的盖章扫描件")
    return FileResponse(
        path, filename=row["scan_name"], media_type="application/octet-stream",
        content_disposition_type="attachment",
    )  # fmt: skip


def _listed(
    visit: Visit, problem: str = "", given: Mapping[str, str] | None = None
) -> dict[str, Any]:
    cities = _cities(visit, "official.propose")
    standing = published_manifest(visit.settings)
    nights = [str(one["release_id"]) for one in reversed(nightly_manifests(visit.settings))]
    return {
        "rows": [
            _named(visit, row)
            for row in verbs.official_releases(visit.settings, visit.engine)
            if _is_seen(visit, row)
        ],
        "cities": cities,
        "reports": OFFICIAL_REPORT_ZH,
        "periods": _periods(standing["as_of"]) if standing else {},
        "bases": nights,
        "standing": standing["release_id"] if standing else None,
        "given": dict.fromkeys(_FIELDS, "") | dict(given or {}),
        "problem": problem,
        "most_mb": LIMITS.file_bytes >> 20,
    }


def _shown(visit: Visit, row: dict[str, Any]) -> dict[str, Any]:
    is_own = _is_own(visit, row["city_code"])
    told: dict[str, Any] = {"missing_zh": (), "changes": (), "open_forms": (), "is_held": False}
    gone = ""
    if is_own:
        try:
            found = verbs.told_of(visit.settings, visit.engine, row["proposal_id"])
            told = asdict(found)
            told["changes"] = in_words(
                visit.settings, found.base_release_id, [dict(one) for one in found.changes]
            )
        except NoRelease as error:
            gone = error.message_zh
    place = Place(row["city_code"])
    is_open = row["state_code"] == "proposed"
    left = [one for one in told["changes"] if one["revision_order"] is None]
    return {
        "row": _named(visit, row),
        **told,
        "changes": told["changes"][:MOST_FIGURES],
        "change_count": len(told["changes"]),
        "undecided": len(left),
        "earlier": list(dict.fromkeys(str(one["from_release_id"]) for one in left)),
        "decisions": [
            {**decision, "figures": len(decision["figures"])}
            for decision in verbs.revision_decisions(visit.engine, city_code=row["city_code"])
            if row["release_id"] and decision["from_release_id"] == row["release_id"]
        ] if is_own else [],
        "problem": gone,
        "is_own": is_own,
        "is_mine": row["author"] == author_of(visit),
        "may_approve": is_open and may(visit.person, "official.approve", place),
        "may_revise": is_open and may(visit.person, "official.revise", place),
    }  # fmt: skip


def _named(visit: Visit, row: Mapping[str, Any]) -> dict[str, Any]:
    unit = visit.definitions.unit(str(row["city_code"]))
    # The page is also told as JSON: what a template leaves out must not be in it.
    hidden = () if _is_own(visit, str(row["city_code"])) else INNER
    return (
        dict(row)
        | dict.fromkeys(hidden)
        | {
            "city_zh": unit.unit_name_zh if unit else row["city_code"],
            "report_zh": OFFICIAL_REPORT_ZH.get(row["report_code"], row["report_code"]),
            "has_scan": bool(row["scan_sha256"]) and not hidden,
        }
    )


def _proposal(visit: Visit, permission: str = "") -> dict[str, Any]:
    """The proposal that the address names.

    Raises:
        NotHere: there is none, or none that the account may know of.
        Forbidden: it may be seen, but not that be done with it.
    """
    wanted = visit.params["proposal_id"]
    for row in verbs.official_releases(visit.settings, visit.engine):
        if row["proposal_id"] == wanted and _is_seen(visit, row):
            if permission:
                require(visit.person, permission, Place(row["city_code"]))
            return row
    raise NotHere(f"提请“{wanted[:80]}”")


def _is_seen(visit: Visit, row: Mapping[str, Any]) -> bool:
    is_served = visit.settings.serves(str(row["city_code"]))
    return is_served and (bool(row["is_public"]) or _is_own(visit, str(row["city_code"])))


def _is_own(visit: Visit, city_code: str) -> bool:
    return any(reach.scope(visit, name).reaches(Place(city_code)) for name in OWN)


def _cities(visit: Visit, permission: str) -> dict[str, str]:
    """Cities with a plan where the account holds a permission."""
    codes = visit.definitions.table("plans")["city_code"].unique().sort().to_list()
    held = reach.scope(visit, permission)
    known = visit.definitions.units
    return {code: known[code].unit_name_zh for code in codes if held.reaches(Place(code))}


def _periods(as_of: str) -> dict[str, list[str]]:
    """Ended quarters and years, newest first, under the reports that are of them."""
    told: dict[str, list[str]] = {}
    day = date.fromisoformat(as_of)
    for kind, count in OFFERED.items():
        current = containing(kind, day)
        first = 0 if current.end <= day else -1
        names = [OFFICIAL_REPORT_ZH[code] for code, of in OFFICIAL_REPORT_PERIODS.items()
                 if of == kind]  # fmt: skip
        told["、".join(names)] = [shift(current, first - step).code for step in range(count)]
    return told


def _moment(text: str) -> datetime | None:
    """The business moment a browser's field holds, minutes and all.

    Raises:
        ConsoleError: it is none.
    """
    if not text:
        return None
    try:
        return datetime.fromisoformat(text.replace(" ", "T")[:16]).replace(tzinfo=None)
    except ValueError as error:
        raise ConsoleError(
            f"“{text[:40]}”不是时间，保密期请写成 2026-03-01 09:00 的样子。"
        ) from error


def _is_repeat(
    visit: Visit, given: Mapping[str, str], embargo: datetime | None, data: bytes | None
) -> bool:
    """Whether the standing proposal is the very one that is asked for again: a second click."""
    digest = sha256(data).hexdigest() if data else None
    for row in verbs.official_releases(visit.settings, visit.engine, city_code=given["city"]):
        if (row["report_code"], row["period_code"]) == (given["report"], given["period"]):
            return row["state_code"] == "proposed" and (
                row["author"], row["document_number"] or "", row["embargo_until"],
                row["scan_sha256"], row["reason_text"] or "",
            ) == (author_of(visit), given["document_number"], embargo, digest, given["note"]) and (
                given["base"] in ("", row["base_release_id"])
            )  # fmt: skip
    return False


def _is_mine(visit: Visit, proposal_id: str, state: str) -> bool:
    """Whether a proposal was decided so by this very account: a second click is no conflict."""
    try:
        row = verbs.find(visit.engine, proposal_id)
    except UnknownProposal:
        return False
    return row["state_code"] == state and row["decided_by"] == author_of(visit)


def _back(proposal_id: str, said: str) -> Response:
    return RedirectResponse(f"/official/{quote(proposal_id)}?done={quote(said)}", status_code=303)


ROUTES: tuple[Declared, ...] = (
    Page("/official", "official.html", listing, "published.read"),
    Page("/official/{proposal_id}", "official_one.html", one, "published.read"),
    Download("/official/{proposal_id}/scan", scan, "published.read"),
    Act("/official/propose", propose, "official.propose", "official.html"),
    Act("/official/{proposal_id}/approve", approve, "official.approve"),
    Act("/official/{proposal_id}/reject", reject, "official.approve"),
    Act("/official/{proposal_id}/revise", revise, "official.revise"),
)
