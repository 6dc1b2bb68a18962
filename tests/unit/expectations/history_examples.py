"""One passing and one failing filing for every rule of a unit's own past."""

from __future__ import annotations

from tests.unit.expectations.example_kinds import (
    MONTHS,
    QUARTERS,
    Example,
    in_quarter,
    steady,
)

A_QUARTER = {
    "aid_cases": "12",
    "mediation_cases": "15",
    "enforcement_cases_received": "40",
    "enforcement_cases_closed": "35",
    "complaints_received": "60",
    "complaints_replied": "55",
    "training_person_times": "300",
    "training_classes": "11",
}

HISTORY_EXAMPLES = [
    Example(
        "H01",
        "IP-M1",
        "copyright_works",
        {"copyright_works": "150"},
        {"copyright_works": "151"},
        past=steady(MONTHS, copyright_works="20"),
    ),
    Example(
        "H02",
        "IP-M1",
        "copyright_works",
        {"copyright_works": "10"},
        {"copyright_works": "9"},
        past=steady(MONTHS, copyright_works="300"),
    ),
    in_quarter(
        "H03",
        "IP-Q2",
        "pledge_disbursed_amount",
        {"pledge_registered_amount": "99999999", "pledge_disbursed_amount": "200"},
        {"pledge_registered_amount": "99999999", "pledge_disbursed_amount": "1000000"},
        past=steady(QUARTERS, pledge_disbursed_amount="100"),
    ),
    Example(
        "H04",
        "IP-M1",
        "copyright_works",
        {"copyright_works": "7000"},
        {"copyright_works": "26609"},
        past=steady(MONTHS, copyright_works="300"),
    ),
    in_quarter(
        "H05",
        "IP-Q2",
        "pledge_disbursed_amount",
        {"pledge_registered_amount": "99999999", "pledge_disbursed_amount": "8000"},
        {"pledge_registered_amount": "99999999", "pledge_disbursed_amount": "8000.01"},
        past=steady(QUARTERS, pledge_disbursed_amount="500"),
    ),
    in_quarter(
        "H06",
        "IP-Q1",
        "ip_workforce",
        {"ip_workforce": "67"},
        {"ip_workforce": "66"},
        past={"2024-Q4": {"ip_workforce": "100"}},
    ),
    in_quarter(
        "H07",
        "IP-Q1",
        "ip_workforce",
        {"ip_workforce": "250"},
        {"ip_workforce": "251"},
        past={"2024-Q4": {"ip_workforce": "100"}},
    ),
    in_quarter(
        "H08",
        "IP-Q3",
        None,
        {**A_QUARTER, "aid_cases": "13"},
        A_QUARTER,
        past={"2024-Q4": A_QUARTER},
    ),
]
