"""What the desk records: moves of findings, undone acts, confirmations, closings, and the chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from warehouse.clock import technical_now
from warehouse.ledger.chain import adopt

revision = "0007_chain"
down_revision = "0006_standing"


def upgrade() -> None:
    op.add_column("events", sa.Column("undoes_order", sa.Integer(), nullable=True))
    op.add_column("submissions", sa.Column("entered_by", sa.String(length=128), nullable=True))
    op.add_column("submissions", sa.Column("confirmed_by", sa.String(length=128), nullable=True))
    op.add_column("submissions", sa.Column("confirmed_at", sa.DateTime(), nullable=True))
    op.add_column("arrivals", sa.Column("entered_by", sa.String(length=128), nullable=True))
    op.create_index(op.f("ix_findings_status_code"), "findings", ["status_code"], unique=False)
    _confirmations()
    _finding_moves()
    _closings()
    _chain()


def _confirmations() -> None:
    with op.batch_alter_table("corrections") as table:
        table.alter_column("confirmed_by", existing_type=sa.String(length=128), nullable=True)
        table.add_column(sa.Column("confirmed_at", sa.DateTime(), nullable=True))
        table.add_column(sa.Column("confirmation_code", sa.String(length=16), nullable=True))
    # Until now a correction could only be proposed with a paper that the unit's person had signed.
    op.execute(
        "update corrections set confirmed_at = proposed_at, confirmation_code = 'sealed_sheet'"
    )


def _finding_moves() -> None:
    op.create_table(
        "finding_moves",
        sa.Column("submission_id", sa.String(length=160), nullable=False),
        sa.Column("event_order", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.String(length=64), nullable=False),
        sa.Column("from_status", sa.String(length=16), nullable=False),
        sa.Column("to_status", sa.String(length=16), nullable=False),
        sa.Column("from_reason_code", sa.String(length=64), nullable=True),
        sa.Column("from_reason_text", sa.Text(), nullable=True),
        sa.Column("from_decided_by", sa.String(length=128), nullable=True),
        sa.Column("from_decided_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id", "event_order"],
            ["events.submission_id", "events.event_order"],
            name=op.f("fk_finding_moves_submission_id"),
        ),
        sa.PrimaryKeyConstraint(
            "submission_id", "event_order", "finding_id", name=op.f("pk_finding_moves")
        ),
    )
    op.create_index("ix_finding_moves_finding_id", "finding_moves", ["finding_id"], unique=False)
    _refuse_changes("finding_moves")


def _closings() -> None:
    op.create_table(
        "closings",
        sa.Column("city_code", sa.String(length=32), nullable=False),
        sa.Column("form_code", sa.String(length=32), nullable=False),
        sa.Column("period_code", sa.String(length=32), nullable=False),
        sa.Column("closing_order", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("release_name", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "city_code", "form_code", "period_code", "closing_order", name=op.f("pk_closings")
        ),
    )
    _refuse_changes("closings")


def _chain() -> None:
    op.create_table(
        "chain",
        sa.Column("chain_order", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.String(length=32), nullable=False),
        sa.Column("key_text", sa.String(length=512), nullable=False),
        sa.Column("row_sha256", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("chain_order", name=op.f("pk_chain")),
    )
    op.create_index("ix_chain_key", "chain", ["table_name", "key_text"], unique=True)
    _refuse_changes("chain")
    _adopt()


def _adopt() -> None:
    """Seals what was recorded before there was a chain, by when it was recorded."""
    found, bind = sa.MetaData(), op.get_bind()
    names = ("events", "arrival_corrections", "extensions", "standing_explanations")
    tables = [sa.Table(name, found, autoload_with=bind) for name in names]
    adopt(bind, tables, technical_now())


def _refuse_changes(table: str) -> None:
    """What was recorded is followed by a newer record, never rewritten."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create function refuse_change_of_{table}() returns trigger language plpgsql as "
            f"$$ begin raise exception '{table} is append-only'; end $$"
        )
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table} "
            f"for each row execute function refuse_change_of_{table}()"
        )
        return
    for action in ("update", "delete"):
        op.execute(
            f"create trigger {table}_no_{action} before {action} on {table} "
            f"begin select raise(abort, '{table} is append-only'); end"
        )
