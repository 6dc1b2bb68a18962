"""Modelling: what the roll-up reads laid beside the cells, then one `dbt build` in this process."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy import Engine, func, select

from orchestration import dbt
from orchestration.errors import NightInThePast
from orchestration.progress import tell
from orchestration.stages import ReleaseOutcome, night_folder, save_outcome
from orchestration.stages.delivering import hand_on
from orchestration.stages.exporting import export
from orchestration.stages.officials import settle_officials
from sources.definitions import Definitions
from sources.duedates import due_dates
from warehouse.access.offices import small_offices_in
from warehouse.connection import warehouse_lock, warehouse_writer
from warehouse.ledger.chain import chain_head
from warehouse.ledger.closing import reopenings
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.tables import arrival_corrections, corrections, events, extensions, findings
from warehouse.official.figures import load_official_figures, official_state
from warehouse.official.making import complete
from warehouse.raw_store import (
    FIRST_YEAR,
    RunContext,
    replace_ledger_copies,
    write_due_dates,
    write_periods,
    write_run_context,
)
from warehouse.releases.build import DEFINITIONS, Building, begin_build, carry_revisions
from warehouse.releases.history import last_as_of, nightly_manifests, published_manifest
from warehouse.releases.swap import finish_interrupted, restore_published
from warehouse.settings import Settings
from warehouse.workspace import is_synthetic

PLAN, RESULTS, INPUTS = "build.json", "results.json", "inputs.json"


@dataclass(frozen=True)
class BuildPlan:
    """What is to be built tonight; nothing when the inputs are those of the published release."""

    release_id: str
    is_unchanged: bool
    inputs: str
    context: RunContext

    def building(self, settings: Settings) -> Building:
        """Where it is put together."""
        return Building(self.release_id, settings.releases / ".building" / self.release_id)


def software_version() -> str:
    """The version of this software, as the release tells it."""
    return version("qiangshi")


def prepare(settings: Settings, definitions: Definitions) -> BuildPlan:
    """The ledger's state, periods, due dates and the run's own row, written for dbt.

    A published file that is missing, or that a broken night left behind, is made good first.

    Raises:
        NightInThePast: releases stand up to a later day already.
    """
    finish_interrupted(settings)
    restore_published(settings)
    last = last_as_of(settings)
    if last is not None and settings.clock.today() < last:
        raise NightInThePast(settings.clock.today(), last)
    engine = open_ledger(settings)
    try:
        # What could not be made is told at the end of the night, where it is tried again.
        complete(settings, engine)
        inputs = _inputs(settings, definitions, engine)
        published = published_manifest(settings)
        is_unchanged = published is not None and inputs == _last_inputs(settings)
        building = None if is_unchanged else begin_build(settings, settings.clock.today())
        release_id = building.release_id if building else str((published or {})["release_id"])
        head = chain_head(engine)
        context = RunContext(
            as_of=settings.clock.today(),
            release_id=release_id,
            published_at=settings.clock.now(),
            software_version=software_version(),
            definitions_hash=definitions.hash,
            is_synthetic=bool(is_synthetic(settings)),
            chain_head=head.entry_hash,
            chain_length=head.length,
            reopenings=_reopened(settings, engine),
            small_offices=_small_offices(engine, settings.clock.today()),
        )
        if not is_unchanged:
            tell("汇总：准备台账、报告期和截止时间")
            definitions.write_merged(settings.definitions_dir)
            if building is not None:
                definitions.write_merged(building.folder / DEFINITIONS)
            due = due_dates(
                definitions, date(FIRST_YEAR, 1, 1), date(context.as_of.year + 1, 12, 31)
            )
            with warehouse_writer(settings) as connection:
                replace_ledger_copies(connection, engine)
                write_periods(connection)
                write_due_dates(connection, due)
                write_run_context(connection, context)
                carry_revisions(connection, settings)
                load_official_figures(connection, settings, engine, settings.clock.now())
    finally:
        engine.dispose()
    plan = BuildPlan(release_id, is_unchanged, inputs, context)
    _save_plan(settings, plan)
    if is_unchanged:
        held = tuple((published or {}).get("held_cities", ()))
        outcome = ReleaseOutcome(
            release_id, context.as_of, False, held,
            deliveries=hand_on(settings), officials=settle_officials(settings),
        )  # fmt: skip
        save_outcome(settings, outcome)
        # The assets below are skipped tonight; what an earlier night left undone is not.
        export(settings)
    return plan


def model(settings: Settings, definitions: Definitions) -> list[dbt.NodeResult]:
    """What each dbt node came to.

    Raises:
        RollUpFailed: a model could not be built.
    """
    plan = planned(settings)
    tell("汇总：dbt 建模与检查")
    with warehouse_lock(settings):
        results = dbt.build(settings, definitions, plan.building(settings).file)
    path = night_folder(settings) / RESULTS
    path.write_text(json.dumps([asdict(r) for r in results], ensure_ascii=False), encoding="utf-8")
    return results


def planned(settings: Settings) -> BuildPlan:
    """The plan that `prepare` made tonight."""
    row = json.loads((night_folder(settings) / PLAN).read_text(encoding="utf-8"))
    context = row["context"] | {
        "as_of": date.fromisoformat(row["context"]["as_of"]),
        "published_at": datetime.fromisoformat(row["context"]["published_at"]),
    }
    return BuildPlan(**(row | {"context": RunContext(**context)}))


def modelled(settings: Settings) -> list[dbt.NodeResult]:
    """What `model` came to tonight."""
    rows = json.loads((night_folder(settings) / RESULTS).read_text(encoding="utf-8"))
    return [dbt.NodeResult(**row) for row in rows]


def remember_inputs(settings: Settings, plan: BuildPlan) -> None:
    """Keeps what the published release was made of, once it is out."""
    (settings.work / INPUTS).write_text(json.dumps({"inputs": plan.inputs}), encoding="utf-8")


def forget_inputs(settings: Settings) -> None:
    """Makes the next night build anew, because raw rows were written by other hands."""
    (settings.work / INPUTS).unlink(missing_ok=True)


def _last_inputs(settings: Settings) -> str | None:
    try:
        found: str = json.loads((settings.work / INPUTS).read_text(encoding="utf-8"))["inputs"]
    except FileNotFoundError:
        return None
    return found


def ledger_state(engine: Engine) -> list[tuple[Any, ...]]:
    """Counts and latest moments of the ledger: it is append-only, so they tell of any addition.

    The events of publishing are left out: a release makes them itself.
    """
    acts = select(func.count(), func.max(events.c.recorded_at)).where(events.c.verb != "publish")
    said = select(func.count(), func.max(findings.c.decided_at)).select_from(findings)
    overlaid = select(func.count(), func.max(corrections.c.approved_at)).select_from(corrections)
    handed_in = select(func.count(), func.max(arrival_corrections.c.recorded_at)).select_from(
        arrival_corrections
    )
    put_off = select(func.count(), func.max(extensions.c.recorded_at)).select_from(extensions)
    queries = (acts, said, overlaid, handed_in, put_off)
    with engine.connect() as connection:
        return [tuple(connection.execute(query).one()) for query in queries]


def _inputs(settings: Settings, definitions: Definitions, engine: Engine) -> str:
    """One hash of all a release depends on: day, definitions, models, software, the ledger."""
    parts: list[Any] = [
        settings.clock.today(),
        definitions.hash,
        dbt.models_hash(),
        software_version(),
        ledger_state(engine),
        official_state(engine, settings.clock.now()),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _reopened(settings: Settings, engine: Engine) -> list[dict[str, Any]]:
    """The reopenings that a release of tonight enters: those still open, and those told nowhere."""
    key = ("city_code", "form_code", "period_code", "closing_order")
    told = {
        tuple(one[name] for name in key)
        for manifest in nightly_manifests(settings)
        for one in manifest.get("reopenings", ())
    }
    with engine.connect() as connection:
        found = reopenings(connection)
    return [one for one in found if one["is_open"] or tuple(one[name] for name in key) not in told]


def _small_offices(engine: Engine, day: date) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        standing = small_offices_in(connection, day)
    return [
        {
            "unit_code": row["unit_code"],
            "starts_on": row["starts_on"].isoformat(),
            "ends_on": row["ends_on"].isoformat() if row["ends_on"] else None,
        }
        for row in standing
    ]


def _save_plan(settings: Settings, plan: BuildPlan) -> None:
    row = asdict(plan)
    row["context"]["as_of"] = plan.context.as_of.isoformat()
    row["context"]["published_at"] = plan.context.published_at.isoformat()
    path = night_folder(settings) / PLAN
    path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
