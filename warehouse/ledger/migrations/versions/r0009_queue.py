"""An index out of which the desk counts open findings per submission without touching a row."""

from __future__ import annotations

from alembic import op

revision = "0009_queue"
down_revision = "0008_accounts"


def upgrade() -> None:
    op.create_index(
        "ix_findings_queue",
        "findings",
        ["status_code", "submission_id", "severity_code", "rule_id"],
    )
