"""确认: the reporting unit's own word, for what was entered on its behalf or is to be corrected."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, update

from warehouse.errors import DecisionRefused, SelfConfirmation
from warehouse.ledger.changes import Change
from warehouse.ledger.corrections import confirm_correction, correction_row, is_same
from warehouse.ledger.decisions import Decision, decide, submission_row
from warehouse.ledger.engine import writing
from warehouse.ledger.tables import submissions


def confirm(
    engine: Engine | Connection,
    identity: str,
    *,
    author: str,
    at: datetime,
    note: str = "",
    expected_version: int | None = None,
) -> Decision:
    """Confirms, for the reporting unit, a submission entered on its behalf, or a correction.

    Until then a 代录 is held and no figure of it counts; afterwards it is checked like one the unit
    filed itself. That the account is the unit's is for whoever calls to know.

    Args:
        engine: the ledger.
        identity: a submission, or a proposed correction.
        author: the unit's account.
        at: business moment.
        note: what there is to say.
        expected_version: the version counter they had before their eyes.

    Raises:
        SelfConfirmation: the account entered or proposed it.
        DecisionConflict: somebody decided since.
        DecisionRefused: it was not entered on the unit's behalf, or is confirmed already.
    """
    with writing(engine) as connection:
        if correction_row(connection, identity) is not None:
            return confirm_correction(
                connection, identity,
                author=author, at=at, note=note, expected_version=expected_version,
            )  # fmt: skip
        row = submission_row(connection, identity, author, expected_version)
        if row["entered_by"] is None:
            raise DecisionRefused(f"报送件“{identity}”由填报单位自行报送，无须确认。")
        if row["confirmed_at"] is not None:
            raise DecisionRefused(
                f"报送件“{identity}”已由“{row['confirmed_by']}”于"
                f" {row['confirmed_at']:%Y-%m-%d %H:%M} 确认。"
            )
        if is_same(row["entered_by"], author):
            raise SelfConfirmation(identity, author)
        change = Change(
            identity, "confirm", row["state_code"], author, at, reason_text=note.strip() or None
        )
        decision = decide(connection, change)
        write_confirmation(connection, identity, author, at)
        return decision


def write_confirmation(
    connection: Connection, submission_id: str, author: str | None, at: datetime | None
) -> None:
    """Notes who of the unit confirmed what was entered for it; None takes it back."""
    connection.execute(
        update(submissions)
        .where(submissions.c.submission_id == submission_id)
        .values(confirmed_by=author, confirmed_at=at)
    )
