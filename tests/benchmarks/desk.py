"""How long the desk takes at the server: the queue with many findings, and 200 decided at once.

Run it by hand: `.venv/bin/python tests/benchmarks/desk.py [findings]`. Each time is told beside
that of the same page with hardly any findings, since machines differ.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi.testclient import TestClient
from rich.console import Console
from sqlalchemy import Engine, insert

from console.app import create_app
from sources.definitions import Definitions
from warehouse.access.accounts import add_account, grant_post
from warehouse.access.passwords import strong
from warehouse.access.scope import Post
from warehouse.access.sessions import Sessions
from warehouse.ledger.engine import open_ledger, writing
from warehouse.ledger.tables import events, files, findings, submissions
from warehouse.settings import Settings
from warehouse.workspace import init, mark_kind

OUT = Console(highlight=False, width=120)
PER_SUBMISSION = 10
PASSWORD = "correct-horse-42"
ARRIVED = datetime(2026, 1, 10, 9)
PAGES = (
    "/queue", "/queue?severity=blocking", "/queue?rule=C03&page=20", "/queue?age=7",
    "/queue/accept?level=county", "/submissions",
)  # fmt: skip


def filled(engine: Engine, count: int) -> None:
    """Lays so many open findings into the ledger, ten to a submission."""
    units = [u for u in Definitions.load().units.values() if u.level == "county"]
    severities = ("blocking", "quasi_blocking", "verify", "verify")
    rows: list[dict[str, object]] = []
    found: list[dict[str, object]] = []
    for number in range(max(1, count // PER_SUBMISSION)):
        unit = units[number % len(units)]
        key = f"{unit.unit_code}.IP-M1.{_period(number // len(units))}.v1"
        rows.append({
            "submission_id": key, "unit_code": unit.unit_code, "city_code": unit.city_code,
            "form_code": "IP-M1", "form_version": "2021",
            "period_code": _period(number // len(units)), "version": 1,
            "file_sha256": "0" * 64, "file_name": "上报.xlsx", "channel_kind": "inbox",
            "received_at": ARRIVED - timedelta(minutes=number), "first_seen_at": ARRIVED,
            "known_from": ARRIVED, "state_code": "passed", "is_nil_return": False,
            "is_synthetic": True, "cells_read": 100,
        })  # fmt: skip
        found += [
            {
                "finding_id": f"{key}#{place}", "rule_id": f"C{place:02}",
                "severity_code": severities[(number + place) % 4], "submission_id": key,
                "unit_code": unit.unit_code, "form_code": "IP-M1",
                "period_code": _period(number // len(units)), "sheet": "表",
                "cell": f"D{place + 8}", "element_code": "patent_grants", "value_text": "12",
                "message_zh": "本期与上期相差过大，请核对", "status_code": "open",
            }
            for place in range(PER_SUBMISSION)
        ]  # fmt: skip
    with writing(engine) as connection:
        connection.execute(
            insert(files), [{"file_sha256": "0" * 64, "size_bytes": 1, "stored_at": ARRIVED}]
        )
        connection.execute(insert(submissions), rows)
        connection.execute(insert(findings), found)
        connection.execute(
            insert(events),
            [
                {
                    "submission_id": row["submission_id"], "event_order": 1, "verb": "receive",
                    "to_state": "received", "author": "system", "effective_at": ARRIVED,
                    "recorded_at": ARRIVED,
                }
                for row in rows
            ],
        )  # fmt: skip


def _period(number: int) -> str:
    return f"{2020 + number // 12}-{number % 12 + 1:02}"


def opened(home: Path, count: int) -> TestClient:
    """A desk over so many findings, with a steward of every city logged in."""
    settings = Settings.load(home, environ={"QIANGSHI_CLOCK": "2026-01-31"})
    init(settings)
    mark_kind(settings, is_synthetic=True)
    engine = open_ledger(settings)
    filled(engine, count)
    now = datetime.now()
    add_account(
        engine, "steward", "某人", author="root", now=now, password=PASSWORD, is_demo=True,
        hasher=strong(),
    )  # fmt: skip
    cities = sorted({u.city_code for u in Definitions.load().units.values() if u.level == "county"})
    for city in cities:
        post = Post("city_steward", city, None, date(2020, 1, 1))
        grant_post(engine, "steward", post, author="root", now=now)
    client = TestClient(create_app(settings, Sessions(engine)), base_url="http://desk.test")
    token = _token(client.get("/login").text)
    fields = {"csrf": token, "login": "steward", "password": PASSWORD}
    client.post("/login", data=fields)
    return client


def _token(page: str) -> str:
    return page.split('name="csrf" value="', 1)[1].split('"', 1)[0]


def seconds(act: Callable[[], object], times: int = 5) -> tuple[float, float]:
    """Least seconds of an act and least seconds of processor, after one that warms up.

    What else the machine does lengthens the first and hardly the second.
    """
    act()
    taken = []
    for _ in range(times):
        start, used = time.perf_counter(), time.process_time()
        act()
        taken.append((time.perf_counter() - start, time.process_time() - used))
    return min(one for one, _ in taken), min(one for _, one in taken)


def decided_at_once(client: TestClient, count: int) -> float:
    """Seconds for one act on so many findings."""
    page = client.get("/queue.json?severity=verify").json()
    wanted: list[str] = []
    number = 1
    while len(wanted) < count and page["rows"]:
        wanted += [one["finding_id"] for row in page["rows"] for one in row["findings"]]
        number += 1
        page = client.get(f"/queue.json?severity=verify&page={number}").json()
    fields = {
        "csrf": _token(client.get("/queue").text), "verb": "explain", "finding": wanted[:count],
        "reason": "企业十二月集中登记，已电话核实并取得清单",
    }  # fmt: skip
    start = time.perf_counter()
    answer = client.post("/queue/bulk", data=fields, follow_redirects=False)
    taken = time.perf_counter() - start
    OUT.print(f"  {len(wanted[:count])} findings, answer {answer.status_code}")
    return taken


def main() -> None:
    """Prints the times of each page with many findings and with few."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with TemporaryDirectory() as folder:
        few, many = opened(Path(folder) / "few", 10), opened(Path(folder) / "many", count)
        for path in PAGES:
            small, large = (seconds(partial(c.get, path)) for c in (few, many))
            OUT.print(
                f"{path:32} {large[0] * 1000:6.0f} ms, processor {large[1] * 1000:6.0f} ms;"
                f" {large[1] / small[1]:5.1f} × that of 10 findings"
            )
        taken = decided_at_once(many, 200)
        OUT.print(f"{'200 decided in one act':32} {taken * 1000:7.0f} ms")


if __name__ == "__main__":
    main()
