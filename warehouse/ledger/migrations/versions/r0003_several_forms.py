"""A submission may come out of an archive, or be one of several forms of a workbook."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_several_forms"
down_revision = "0002_channels"


def upgrade() -> None:
    op.add_column("submissions", sa.Column("archive_sha256", sa.String(length=64), nullable=True))
    op.add_column("submissions", sa.Column("form_sheet", sa.Text(), nullable=True))
