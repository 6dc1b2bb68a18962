"""A day of the past, or definitions not yet in force, answered by running the models aside.

What was known by the end of the day is laid into a private warehouse of its own, and the same
models run over it: there is no second formula. The warehouse, ledger and releases of the workspace
stay as they are. Answers are kept by all they depend on; the oldest are thrown away.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Engine

from orchestration import dbt
from orchestration.errors import DayNotCome
from orchestration.stages.modelling import ledger_state, software_version
from sources.definitions import Definitions
from sources.duedates import due_dates
from warehouse.clock import end_of_day
from warehouse.connection import private_warehouse, warehouse_writer
from warehouse.errors import NoRelease
from warehouse.ledger.engine import open_ledger
from warehouse.raw_store import (
    FIRST_YEAR,
    RunContext,
    replace_ledger_copies,
    write_due_dates,
    write_periods,
    write_run_context,
)
from warehouse.releases.build import DEFINITIONS
from warehouse.releases.history import first_release, release_as_of
from warehouse.settings import PUBLISHED_FILE, Settings
from warehouse.workspace import is_synthetic

ANSWER = "answer"
KEPT = 8
"""How many answers a workspace keeps: some tens of megabytes each."""
PLAN_MARTS = ("plan_table", "plan_progress", "dim_plans", "dim_target_links", "release")
DEFINED_MARTS = (
    "plan_table", "plan_progress", "unit_progress", "city_indicators", "unit_indicators",
    "unit_observations", "dim_indicators", "dim_indicator_terms", "dim_plan_targets", "release",
)  # fmt: skip
"""What a change of definitions may move, and what explains it."""
_COPIED = ("reported_values", "authority_values", "register_rows", "register_files")


@dataclass(frozen=True)
class Answer:
    """Marts built aside: a workspace of its own whose one release holds them."""

    settings: Settings
    release_id: str
    note_zh: str | None = None


def as_of(settings: Settings, day: date, definitions: Definitions) -> Answer:
    """The plan marts as they were known at the end of a day, by the definitions then in force.

    Args:
        settings: the workspace.
        day: the business day; its whole length counts.
        definitions: what stands in while nothing was ever released.

    Raises:
        DayNotCome: the day lies ahead of the business clock.
        WarehouseBusy: a night is writing.
        RollUpFailed: a model could not be built.
    """
    if day > settings.clock.today():
        raise DayNotCome(day, settings.clock.today())
    then, note = _definitions_on(settings, day, definitions)
    return replace(build_aside(settings, day, then, PLAN_MARTS), note_zh=note)


def build_aside(
    settings: Settings, day: date, definitions: Definitions, marts: Sequence[str]
) -> Answer:
    """Marts over what was known by the end of a day, by the given definitions; kept for next time.

    Raises:
        WarehouseBusy: a night is writing.
        RollUpFailed: a model could not be built.
    """
    engine = open_ledger(settings)
    try:
        parts = (day, definitions.hash, dbt.models_hash(), software_version(), sorted(marts))
        key = hashlib.sha256(repr((*parts, ledger_state(engine))).encode()).hexdigest()[:24]
        root = settings.work / "as_of"
        aside = replace(settings, home=root / key)
        release_id = f"as-of-{day.isoformat()}"
        file = aside.releases / release_id / PUBLISHED_FILE
        if not (aside.home / ANSWER).exists():
            shutil.rmtree(aside.home, ignore_errors=True)
            for folder in (aside.work, file.parent):
                folder.mkdir(parents=True)
            definitions.write_merged(aside.definitions_dir)
            _fill(settings, aside, engine, day, definitions, release_id)
            dbt.build_marts(aside, definitions, file, marts)
            shutil.rmtree(aside.work)
            (aside.home / ANSWER).touch()
        _keep_newest(root, aside.home)
    finally:
        engine.dispose()
    return Answer(aside, release_id)


def _definitions_on(
    settings: Settings, day: date, current: Definitions
) -> tuple[Definitions, str | None]:
    """Those of the newest release up to the day; of the first one where the day is earlier."""
    note = None
    try:
        release = release_as_of(settings, day)
    except NoRelease:
        try:
            release = first_release(settings)
        except NoRelease:
            return current, "尚无发布，按现行指标定义计算。"
        note = f"该日尚无发布，按首次发布（{release}）的指标定义计算。"
    folder = settings.releases / release / DEFINITIONS
    if not folder.is_dir():
        return current, f"发布 {release} 未留存指标定义，按现行指标定义计算。"
    return Definitions.read(folder), note


def _fill(
    settings: Settings,
    aside: Settings,
    engine: Engine,
    day: date,
    definitions: Definitions,
    release_id: str,
) -> None:
    """Lays what was known by the end of the day into a private warehouse of its own."""
    known_by: datetime = end_of_day(day)
    context = RunContext(
        as_of=day,
        release_id=release_id,
        published_at=known_by,
        software_version=software_version(),
        definitions_hash=definitions.hash,
        is_synthetic=bool(is_synthetic(settings)),
    )
    due = due_dates(definitions, date(FIRST_YEAR, 1, 1), date(day.year + 1, 12, 31))
    with private_warehouse(settings):
        source = str(settings.warehouse_db).replace("'", "''")
    with warehouse_writer(aside) as connection:
        replace_ledger_copies(connection, engine, known_by)
        connection.execute(f"attach '{source}' as whole (read_only)")
        for table in _COPIED:
            connection.execute(
                f"insert into raw.{table} by name select filed.* from whole.raw.{table} as filed"
                " semi join raw.submissions using (submission_id)"
            )
        connection.execute("detach whole")
        write_periods(connection)
        write_due_dates(connection, due)
        write_run_context(connection, context)


def _keep_newest(root: Path, current: Path) -> None:
    current.touch()
    kept = sorted(root.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in kept[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
