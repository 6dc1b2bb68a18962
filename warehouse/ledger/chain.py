"""The chain over what is only ever added: each row's entry seals the one before it.

`insert_sealed` writes rows and their entries in the caller's transaction, so that there is no act
without its entry. An entry holds the hash of its row and of the entry before; the last entry's hash
is the head. Heads are kept outside the ledger, in the manifests of the releases: whoever rewrites
the whole chain cannot rewrite those. `chain_check` tells what was done to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, select

from warehouse.clock import technical_now
from warehouse.ledger.tables import chain, finding_moves, metadata

GENESIS = "0" * 64
"""What the first entry seals."""

SEALED = (
    "events", "arrival_corrections", "extensions", "standing_explanations", "closings",
    "security_events", "small_offices", "assignments", "official_proposals", "official_decisions",
    "official_revisions", "official_revision_figures",
)  # fmt: skip
"""The tables whose rows have an entry each; `finding_moves` are sealed with their event."""

Row = Mapping[Any, Any]
Key = tuple[str, str]
"""Table and key of a row."""


@dataclass(frozen=True)
class Head:
    """The last entry: its hash, and how many there are."""

    entry_hash: str
    length: int


def insert_sealed(
    connection: Connection,
    table: Table,
    rows: Sequence[dict[str, Any]],
    beside: Mapping[str, Sequence[Row]] | None = None,
) -> None:
    """Writes rows of an append-only table and their entries in the chain.

    Args:
        connection: a writing transaction.
        table: one of `SEALED`.
        rows: complete rows; where the database numbers them, without the number.
        beside: by key, rows of another table that are sealed with a row.
    """
    if not rows:
        return
    written = _written(connection, table, rows)
    keys = [key_of(table, row) for row in written]
    with_it = beside or {}
    entries = [
        (table.name, key, row_hash(row, with_it.get(key, ())))
        for key, row in zip(keys, written, strict=True)
    ]
    head = head_of(connection)
    connection.execute(insert(chain), list(_linked(head, entries, technical_now())))


def insert_sealed_row(connection: Connection, table: Table, **values: Any) -> None:
    """`insert_sealed` of one row."""
    insert_sealed(connection, table, [values])


def head_of(connection: Connection) -> Head:
    """The head; of an empty chain `GENESIS` and 0."""
    newest = select(chain.c.entry_hash, chain.c.chain_order)
    row = connection.execute(newest.order_by(chain.c.chain_order.desc()).limit(1)).first()
    return Head(GENESIS, 0) if row is None else Head(str(row[0]), int(row[1]))


def chain_head(engine: Engine) -> Head:
    """The head of a ledger."""
    with engine.connect() as connection:
        return head_of(connection)


def adopt(connection: Connection, tables: Iterable[Table], moment: datetime) -> None:
    """Gives the rows that are there already their entries, by when they were recorded."""
    found = []
    for table in tables:
        ordered = select(table).order_by(*table.primary_key)
        for row in connection.execute(ordered).mappings():
            sealed = (table.name, key_of(table, row), row_hash(row))
            found.append((row["recorded_at"], sealed))
    found.sort(key=lambda pair: pair[0])
    entries = list(_linked(head_of(connection), [sealed for _, sealed in found], moment))
    if entries:
        connection.execute(insert(chain), entries)


def key_of(table: Table, row: Row) -> str:
    """A row's key as text."""
    return "|".join(str(_plain(row[column.name])) for column in table.primary_key)


def row_hash(row: Row, beside: Iterable[Row] = ()) -> str:
    """The hash of a row's facts; empty ones do not count, so that a new column changes none."""
    facts = [_facts(row), *sorted(_facts(other) for other in beside)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def entry_hash(order: int, table: str, key: str, row_sha256: str, previous: str) -> str:
    """The hash that seals an entry and, with it, all before."""
    sealed = "\n".join((previous, str(order), table, key, row_sha256))
    return hashlib.sha256(sealed.encode()).hexdigest()


def sealed_rows(connection: Connection) -> dict[Key, str]:
    """The hash of every row that has, or should have, an entry."""
    moves: dict[str, list[Row]] = {}
    for row in connection.execute(select(finding_moves)).mappings():
        moves.setdefault(f"{row['submission_id']}|{row['event_order']}", []).append(row)
    found: dict[Key, str] = {}
    for name in SEALED:
        table = metadata.tables[name]
        for row in connection.execute(select(table)).mappings():
            key = key_of(table, row)
            beside = moves.get(key, ()) if name == "events" else ()
            found[name, key] = row_hash(row, beside)
    return found


def _written(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]]
) -> Sequence[dict[str, Any]]:
    number = table.autoincrement_column
    if number is None or number.name in rows[0]:
        connection.execute(insert(table), list(rows))
        return rows
    numbered = []
    for row in rows:
        done = connection.execute(insert(table).values(**row))
        numbered.append(row | {number.name: (done.inserted_primary_key or (None,))[0]})
    return numbered


def _linked(
    head: Head, entries: Iterable[tuple[str, str, str]], moment: datetime
) -> Iterable[dict[str, Any]]:
    previous, order = head.entry_hash, head.length
    for table, key, row_sha256 in entries:
        order += 1
        this = entry_hash(order, table, key, row_sha256, previous)
        yield {
            "chain_order": order,
            "table_name": table,
            "key_text": key,
            "row_sha256": row_sha256,
            "previous_hash": previous,
            "entry_hash": this,
            "recorded_at": moment,
        }
        previous = this


def _facts(row: Row) -> str:
    told = {name: _plain(value) for name, value in row.items() if value is not None}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
