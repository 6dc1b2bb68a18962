"""Decisions filled into an exported queue, taken as if at the desk; what became of each row.

All of one file is one transaction; a row that is refused stops no other. The rows of one
submission belong together: its findings are explained first, then it is moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from warehouse.access.scope import Identity
from warehouse.errors import WarehouseError
from warehouse.ledger import verbs
from warehouse.ledger.verbs import Decision
from warehouse.queue.acting import VERBS, Wanted, act
from warehouse.queue.sheet import FilledRow

_BY_NAME = {verb.name_zh: verb for verb in VERBS.values()}
_ORDER = list(VERBS)
_MOVES = ("return", "accept_county", "accept_city")
_DONE_ZH = "已处理"
MOST_REASON = 2000


@dataclass(frozen=True)
class Outcome:
    """What became of one row of the file."""

    row_no: int
    submission_id: str
    decision_zh: str
    is_done: bool
    message_zh: str


@dataclass(frozen=True)
class _Planned:
    """One decision, and the rows of the file that ask for it."""

    wanted: Wanted
    rows: tuple[FilledRow, ...]


def import_queue(
    engine: Engine,
    identity: Identity,
    filled: Sequence[FilledRow],
    *,
    kinds: Mapping[str, str],
    at: datetime,
) -> list[Outcome]:
    """What became of each filled row, in the order of the file.

    Args:
        engine: the ledger.
        identity: who decides; the rights are theirs, whoever exported the file.
        filled: the rows.
        kinds: code by printed name of each kind of reason.
        at: the business moment from which the decisions count.
    """
    outcomes: dict[int, Outcome] = {}
    by_submission: dict[str, list[_Planned]] = defaultdict(list)
    for row in filled:
        problem = row.problem_zh or _problem(row, kinds)
        if problem:
            outcomes[row.row_no] = _outcome(row, problem)
    good = [row for row in filled if row.row_no not in outcomes]
    for submission_id, rows in _grouped(good).items():
        moves = {row.decision_zh for row in rows if _BY_NAME[row.decision_zh].code in _MOVES}
        if len(moves) > 1:
            problem = f"同一报送件既要{'又要'.join(sorted(moves))}，请只留一种。"
            outcomes |= {row.row_no: _outcome(row, problem) for row in rows}
            continue
        by_submission[submission_id] = _plans(rows, kinds)
    plans = [plan for each in by_submission.values() for plan in each]
    results = verbs.together(engine, _acts(identity, plans, at))
    for plan, result in zip(plans, results, strict=True):
        for row in plan.rows:
            is_done = not isinstance(result, WarehouseError)
            said = _DONE_ZH if not isinstance(result, WarehouseError) else result.message_zh
            outcomes[row.row_no] = replace(_outcome(row, said), is_done=is_done)
    return [outcomes[row.row_no] for row in filled]


def _acts(
    identity: Identity, plans: Sequence[_Planned], at: datetime
) -> list[Callable[[Connection], Decision]]:
    """The decisions as calls; one's own earlier decision on a submission is no conflict."""
    own: dict[str, int] = {}

    def call(plan: _Planned) -> Callable[[Connection], Decision]:
        def one(connection: Connection) -> Decision:
            wanted = plan.wanted
            expected = own.get(wanted.submission_id, wanted.expected_version)
            done = act(connection, identity, replace(wanted, expected_version=expected), at)
            if expected is not None and done.version == expected + 1:
                own[wanted.submission_id] = done.version
            return done

        return one

    return [call(plan) for plan in plans]


def _problem(row: FilledRow, kinds: Mapping[str, str]) -> str:
    """What is wrong with a row by itself; empty when nothing is."""
    verb = _BY_NAME.get(row.decision_zh)
    if not row.decision_zh:
        return "写了理由，但没有选择处理。"
    if verb is None:
        return f"没有“{row.decision_zh[:20]}”这种处理；可用：{'、'.join(_BY_NAME)}。"
    if not row.submission_id or row.counter is None:
        return "该行的报送件或核对号被改动，无法核对，请重新导出。"
    if verb.code == "explain" and row.finding_id is None:
        return "说明只能写在问题所在的行。"
    if verb.code in ("approve", "reject") and row.correction_id is None:
        return f"“{verb.name_zh}”只能写在更正所在的行。"
    if verb.needs_reason and not row.reason:
        return f"“{verb.name_zh}”须写明理由。"
    if len(row.reason) > MOST_REASON:
        return f"理由超过 {MOST_REASON} 字。"
    if row.reason_kind_zh and row.reason_kind_zh not in kinds:
        return f"没有原因类别“{row.reason_kind_zh[:20]}”；可用：{'、'.join(kinds)}。"
    return ""


def _grouped(rows: Sequence[FilledRow]) -> dict[str, list[FilledRow]]:
    groups: dict[str, list[FilledRow]] = defaultdict(list)
    for row in rows:
        groups[row.submission_id].append(row)
    return groups


def _plans(rows: Sequence[FilledRow], kinds: Mapping[str, str]) -> list[_Planned]:
    """The decisions on one submission: rows that say the same are one."""
    alike: dict[tuple[str, ...], list[FilledRow]] = defaultdict(list)
    for row in rows:
        code = _BY_NAME[row.decision_zh].code
        if code in _MOVES:
            alike[(code,)].append(row)
        elif row.correction_id is not None:
            alike[code, row.correction_id].append(row)
        else:
            alike[code, "", row.reason, row.reason_kind_zh].append(row)
    planned = [_planned(key[0], same, kinds) for key, same in alike.items()]
    return sorted(planned, key=lambda plan: _ORDER.index(plan.wanted.verb))


def _planned(code: str, rows: Sequence[FilledRow], kinds: Mapping[str, str]) -> _Planned:
    first = rows[0]
    reasons = dict.fromkeys(row.reason for row in rows if row.reason)
    finding_ids = tuple(row.finding_id for row in rows if row.finding_id is not None)
    wanted = Wanted(
        verb=code,
        submission_id=first.submission_id,
        reason="；".join(reasons),
        reason_code=kinds.get(first.reason_kind_zh, "explanation"),
        correction_id=first.correction_id,
        finding_ids=finding_ids if code == "explain" else None,
        # The oldest sight of the submission that any of the rows has.
        expected_version=min(row.counter for row in rows if row.counter is not None),
    )
    return _Planned(wanted, tuple(rows))


def _outcome(row: FilledRow, message_zh: str) -> Outcome:
    return Outcome(row.row_no, row.submission_id, row.decision_zh, False, message_zh)
