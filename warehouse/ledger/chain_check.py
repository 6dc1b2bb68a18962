"""What was done to the chain: an edit, a deletion, an addition, a truncation or a rewrite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, select

from warehouse.ledger.chain import GENESIS, Key, entry_hash, sealed_rows
from warehouse.ledger.tables import chain, events, submissions

Kind = Literal["edit", "deletion", "addition", "truncation", "rewrite"]

KIND_ZH: Mapping[str, str] = {
    "edit": "改动",
    "deletion": "删除",
    "addition": "链外添加",
    "truncation": "截断",
    "rewrite": "整链重写",
}


@dataclass(frozen=True)
class Seal:
    """A head kept outside the ledger.

    Attributes:
        place_zh: where it is kept.
        entry_hash: the hash of the last entry then.
        length: how many entries there were then.
    """

    place_zh: str
    entry_hash: str
    length: int


@dataclass(frozen=True)
class Damage:
    """One thing that is not as it was written."""

    kind: Kind
    place_zh: str
    message_zh: str


def chain_damage(engine: Engine, seals: Sequence[Seal]) -> list[Damage]:
    """Everything in the ledger that is not as it was written, in the chain's order.

    Args:
        engine: the ledger.
        seals: the heads kept outside it; without them a truncation and a rewrite cannot be told.
    """
    with engine.connect() as connection:
        entries = [
            dict(row)
            for row in connection.execute(select(chain).order_by(chain.c.chain_order)).mappings()
        ]
        rows = sealed_rows(connection)
        return [
            *_broken_links(entries),
            *_rows_against_entries(entries, rows),
            *_against_seals(entries, seals),
            *_states_against_events(connection),
        ]


def _broken_links(entries: Sequence[Mapping[str, Any]]) -> Iterator[Damage]:
    previous, expected = GENESIS, 1
    for entry in entries:
        order = entry["chain_order"]
        place = f"审计链第 {order} 条"
        if order != expected:
            gone = f"第 {expected}～{order - 1} 条" if order > expected + 1 else f"第 {expected} 条"
            yield Damage("deletion", place, f"审计链缺少{gone}（其后为第 {order} 条）。")
        elif entry["previous_hash"] != previous:
            yield Damage("edit", place, f"{place}与上一条不相衔接，链上的记录被改动过。")
        if entry["entry_hash"] != entry_hash(
            order, entry["table_name"], entry["key_text"], entry["row_sha256"],
            entry["previous_hash"],
        ):  # fmt: skip
            yield Damage("edit", place, f"{place}的校验值不符，这一条被改动过。")
        previous, expected = entry["entry_hash"], order + 1


def _rows_against_entries(
    entries: Sequence[Mapping[str, Any]], rows: Mapping[Key, str]
) -> Iterator[Damage]:
    seen: set[Key] = set()
    for entry in entries:
        key = (entry["table_name"], entry["key_text"])
        seen.add(key)
        place = _place(key)
        if key not in rows:
            yield Damage("deletion", place, f"{place}在链上有记载，表中已不存在。")
        elif rows[key] != entry["row_sha256"]:
            yield Damage("edit", place, f"{place}与写入时不一致，内容被改动过。")
    for key in sorted(rows.keys() - seen):
        place = _place(key)
        yield Damage("addition", place, f"{place}不在链上：绕过程序写入，或链的末尾被删去。")


def _against_seals(entries: Sequence[Mapping[str, Any]], seals: Sequence[Seal]) -> Iterator[Damage]:
    hashes = {entry["chain_order"]: entry["entry_hash"] for entry in entries}
    last = max(hashes, default=0)
    for seal in seals:
        if seal.length == 0:
            continue
        if seal.length > last:
            yield Damage(
                "truncation", seal.place_zh,
                f"{seal.place_zh}记载审计链有 {seal.length} 条，现只有 {last} 条：末尾被截去。",
            )  # fmt: skip
        elif hashes.get(seal.length, seal.entry_hash) != seal.entry_hash:
            yield Damage(
                "rewrite", seal.place_zh,
                f"审计链第 {seal.length} 条与{seal.place_zh}记载的不同：此前的链被整段重写。",
            )  # fmt: skip


def _states_against_events(connection: Connection) -> Iterator[Damage]:
    last = (
        select(events.c.submission_id, func.max(events.c.event_order).label("event_order"))
        .group_by(events.c.submission_id)
        .subquery()
    )
    told = (
        select(submissions.c.submission_id, submissions.c.state_code, events.c.to_state)
        .join(last, last.c.submission_id == submissions.c.submission_id, isouter=True)
        .join(
            events,
            (events.c.submission_id == last.c.submission_id)
            & (events.c.event_order == last.c.event_order),
            isouter=True,
        )
        .order_by(submissions.c.submission_id)
    )
    for submission_id, state, by_events in connection.execute(told):
        if state != by_events:
            place = f"报送件“{submission_id}”"
            yield Damage(
                "edit", place,
                f"{place}的状态为 {state}，最后一个动作到 {by_events or '无'}：状态被直接改动。",
            )  # fmt: skip


_TABLE_ZH: Mapping[str, str] = {
    "events": "处理记录",
    "arrival_corrections": "实际交件时间",
    "extensions": "延期记录",
    "standing_explanations": "长期说明",
    "closings": "封库记录",
    "security_events": "安全记录",
    "small_offices": "小型机构登记",
    "assignments": "分派记录",
    "official_proposals": "正式发布的提请",
    "official_decisions": "正式发布的审批",
    "official_revisions": "正式数据的修订决定",
    "official_revision_figures": "修订决定所列的数",
}


def _place(key: Key) -> str:
    table, text = key
    return f"{_TABLE_ZH.get(table, table)} {text}"
