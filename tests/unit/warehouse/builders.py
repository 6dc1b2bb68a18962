"""Days, policies and files that the tests of this room speak of."""

from __future__ import annotations

from datetime import date, datetime

from warehouse.ledger.intake import ParsedRecord
from warehouse.ledger.policies import AcceptancePolicies, PolicyRow

NOW = datetime(2026, 1, 31, 23, 59, 59)
TODAY = date(2026, 1, 31)
JAN_10 = datetime(2026, 1, 10, 9, 0, 0)
JAN_20 = datetime(2026, 1, 20, 9, 0, 0)
FEB_10 = datetime(2026, 2, 10, 9, 0, 0)
MANUAL = AcceptancePolicies((PolicyRow(None, None, "manual", None, None),))
AUTOMATIC = AcceptancePolicies()


def filed(
    sha: str = "a1",
    *,
    unit: str = "150402",
    form: str = "M1",
    period: str | None = "2025-12",
    at: datetime = JAN_10,
    name: str = "上报.xlsx",
    refused: bool = False,
) -> ParsedRecord:
    """An arrived file whose content hash is `sha` filled up with zeros."""
    return ParsedRecord(
        unit_code=unit,
        city_code=f"{unit[:4]}00",
        file_sha256=sha.ljust(64, "0"),
        size_bytes=1000,
        file_name=name,
        channel_kind="inbox",
        received_at=at,
        is_synthetic=True,
        form_code=form if period else None,
        form_version="1" if period else None,
        period_code=period,
        is_refused=refused,
        people={"填表人": "王某某", "联系电话": "13800000000"},
    )
