"""The chain: every act has its entry, and what is done to it afterwards is told apart."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update

from tests.unit.warehouse.builders import JAN_20, NOW
from warehouse.ledger import verbs
from warehouse.ledger.chain import GENESIS, SEALED, adopt, chain_head, sealed_rows
from warehouse.ledger.chain_check import Seal, chain_damage
from warehouse.ledger.engine import writing
from warehouse.ledger.tables import (
    chain,
    closings,
    events,
    finding_moves,
    metadata,
    standing_explanations,
    submissions,
)

ZHANG: dict[str, Any] = {"author": "zhang", "at": NOW}
LAST = select(chain.c.chain_order).order_by(chain.c.chain_order.desc()).limit(1)


@pytest.fixture
def filled(ledger):
    """A ledger in which people and the line have acted."""
    submission_id = ledger.passed(severity="verify")
    verbs.explain(ledger.engine, submission_id, text="本月集中办理去年积压的授权登记", **ZHANG)
    ledger.apply()
    ledger.passed("b2", at=JAN_20)
    verbs.close(ledger.engine, ("150400", "M1", "2025-11"), **ZHANG)
    return ledger


def seal(engine: Engine) -> Seal:
    head = chain_head(engine)
    return Seal("发布版本 20260131-001 的清单", head.entry_hash, head.length)


def behind_its_back(engine: Engine, *acts: Any) -> None:
    """Acts of somebody with the database in hand, the refusing triggers taken off."""
    with writing(engine) as connection:
        if engine.dialect.name == "sqlite":
            names = text("select name from sqlite_master where type = 'trigger'")
            for name in connection.execute(names).scalars().all():
                connection.exec_driver_sql(f"drop trigger {name}")
        else:
            connection.exec_driver_sql("set local session_replication_role = replica")
        for act in acts:
            connection.execute(act)


def kinds(engine: Engine, *seals: Seal) -> set[str]:
    return {one.kind for one in chain_damage(engine, seals)}


def test_every_row_that_is_only_added_has_its_entry(filled):
    head = chain_head(filled.engine)
    with filled.engine.connect() as connection:
        rows = sealed_rows(connection)
        entries = connection.execute(select(chain).order_by(chain.c.chain_order)).all()
    assert head.length == len(entries) == len(rows) == 8
    assert entries[0].previous_hash == GENESIS
    assert {table for table, _ in rows} == {"events", "closings"}
    assert chain_damage(filled.engine, [seal(filled.engine)]) == []


def test_a_refused_act_leaves_no_entry(filled):
    before = chain_head(filled.engine)
    with pytest.raises(Exception, match="封库"):
        verbs.close(filled.engine, ("150400", "M1", "2025-11"), **ZHANG)
    assert chain_head(filled.engine) == before


@pytest.mark.parametrize("table", [name for name in SEALED])
def test_what_is_sealed_refuses_changes_in_the_database(filled, table: str):
    with filled.engine.connect() as connection:
        triggers = connection.execute(
            text(
                "select count(*) from sqlite_master where type = 'trigger' and tbl_name = :name"
                if filled.engine.dialect.name == "sqlite"
                else "select count(*) from information_schema.triggers"
                " where event_object_table = :name"
            ),
            {"name": table},
        ).scalar()
    assert triggers == 2, table
    assert table in metadata.tables


def test_an_edit_is_told(filled):
    behind_its_back(
        filled.engine, update(events).values(author="li").where(events.c.verb == "pass")
    )
    damage = chain_damage(filled.engine, [seal(filled.engine)])
    assert {one.kind for one in damage} == {"edit"}
    assert "处理记录" in damage[0].message_zh
    assert "内容被改动过" in damage[0].message_zh


@pytest.mark.parametrize(
    "act",
    [
        update(finding_moves).values(to_status="open"),
        update(closings).values(author="li"),
        update(submissions).values(state_code="withdrawn"),
        update(chain).where(chain.c.chain_order == 3).values(row_sha256="0" * 64),
        update(chain).where(chain.c.chain_order == 3).values(entry_hash="0" * 64),
    ],
    ids=["finding", "closing", "state", "entry's row", "entry's hash"],
)
def test_an_edit_anywhere_is_told(filled, act):
    kept = seal(filled.engine)
    behind_its_back(filled.engine, act)
    assert kinds(filled.engine, kept) == {"edit"}


def test_a_deletion_is_told_with_or_without_its_entry(filled):
    kept = seal(filled.engine)
    gone = "150402.M1.2025-12.v1|2"
    submission_id, order = gone.split("|")
    behind_its_back(
        filled.engine,
        delete(events).where(
            events.c.submission_id == submission_id, events.c.event_order == int(order)
        ),
    )
    assert kinds(filled.engine, kept) == {"deletion"}
    behind_its_back(filled.engine, delete(chain).where(chain.c.key_text == gone))
    damage = chain_damage(filled.engine, [kept])
    assert {one.kind for one in damage} == {"deletion"}
    assert "审计链缺少第 2 条" in damage[0].message_zh


def test_a_row_written_aside_is_told(filled):
    aside = {"city_code": "150400", "form_code": "M1", "period_code": "2025-10",
             "closing_order": 1, "verb": "close", "author": "li", "decided_at": NOW,
             "recorded_at": NOW}  # fmt: skip
    behind_its_back(filled.engine, insert(closings).values(**aside))
    assert kinds(filled.engine, seal(filled.engine)) == {"addition"}


def test_a_truncation_is_told_by_the_head_kept_outside(filled):
    kept = seal(filled.engine)
    behind_its_back(
        filled.engine,
        delete(closings),
        delete(chain).where(chain.c.table_name == "closings"),
    )
    assert kinds(filled.engine) == set()
    damage = chain_damage(filled.engine, [kept])
    assert {one.kind for one in damage} == {"truncation"}
    assert f"有 {kept.length} 条，现只有 {kept.length - 1} 条" in damage[0].message_zh


def test_a_rewrite_of_the_whole_chain_is_told_by_the_head_kept_outside(filled):
    kept = seal(filled.engine)
    behind_its_back(filled.engine, update(closings).values(author="li"), delete(chain))
    with writing(filled.engine) as connection:
        adopt(connection, [events, closings, standing_explanations], NOW)
    # Inwardly all is well (but for the findings, which a forger would seal too) …
    assert "rewrite" not in kinds(filled.engine)
    # … the manifest knows better.
    assert "rewrite" in kinds(filled.engine, kept)


def test_a_truncated_chain_that_grew_again_is_a_rewrite(filled):
    kept = seal(filled.engine)
    behind_its_back(
        filled.engine,
        delete(closings),
        delete(chain).where(chain.c.table_name == "closings"),
    )
    for period in ("2025-09", "2025-08"):
        verbs.close(filled.engine, ("150400", "M1", period), **ZHANG)
    assert kinds(filled.engine, kept) == {"rewrite"}
