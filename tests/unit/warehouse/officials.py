"""Proposing and approving official releases of a tiny workspace, in a few words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.warehouse.builders import NOW
from tests.unit.warehouse.marts import Observed, figures, release
from warehouse.official import verbs
from warehouse.settings import Settings

CITY = "150400"
PDF = b"%PDF-1.4 sealed"
BASE, FIRST = "20260131-001", "20260131-002"
TOTAL = "select value from marts.city_indicators"
ONE_LEDGER = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what is of the files: the ledger's part is shown on both databases by the other tests."""


def propose(settings: Settings, ledger: Any, **words: Any) -> verbs.Proposed:
    """Proposes the quarter's report of the city, ready for approval."""
    given: dict[str, Any] = {
        "city_code": CITY, "report_code": "quarterly", "period_code": "2025-Q4",
        "author": "steward", "at": NOW, "document_number": "赤知〔2026〕1号", "scan": PDF,
        "scan_name": "盖章 表.PDF",
    } | words  # fmt: skip
    return verbs.propose(settings, ledger.engine, **given)


def approve(settings: Settings, ledger: Any, proposed: verbs.Proposed) -> verbs.Approved:
    return verbs.approve(settings, ledger.engine, proposed.proposal_id, author="approver", at=NOW)


def official(settings: Settings, ledger: Any, **words: Any) -> verbs.Approved:
    """Proposed by one and approved by another."""
    return approve(settings, ledger, propose(settings, ledger, **words))


def listed(settings: Settings, ledger: Any) -> list[dict[str, Any]]:
    return verbs.official_releases(settings, ledger.engine)


def changed(settings: Settings) -> str:
    """A later nightly release in which the city's total is 31."""
    later = release(settings, figures(u150402=Observed("11", "v2")))
    assert later.release_id is not None
    return later.release_id
