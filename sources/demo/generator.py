"""Writing the demo into an inbox: sound files, published releases and, when asked, faults.

What lives here: the order of writing, progress and the summary.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sources.definitions import Definitions
from sources.demo import DEFAULT_SEED
from sources.demo.courses import OFFICIAL, Delivery, deliveries
from sources.demo.faults import plant_faults, write_manifest
from sources.demo.planning import plan_demo
from sources.demo.submission import XLSX, DemoSubmission, set_arrival, write_submission
from sources.templates import Blueprint, blueprint

Progress = Callable[[int, int], None]
"""Called with the files written so far and in all."""

_TELL_EVERY = 50


@dataclass(frozen=True)
class DemoSummary:
    """What was written: all files, the workbooks and the texts among them."""

    files: int
    xlsx: int
    csv: int
    faults_manifest_path: Path | None = None


def _released(definitions: Definitions, cities: Collection[str] | None) -> list[Delivery]:
    """The published files to hand in: those of the cities written and of the regions above them."""
    if cities is None:
        wanted = set(definitions.units)
    else:
        written = [definitions.units[code] for code in cities if code in definitions.units]
        wanted = {area for city in written for area in (city.unit_code, city.parent_code) if area}
    return [delivery for delivery in deliveries() if delivery.unit_code in wanted]


def _write_release(definitions: Definitions, inbox: Path, delivery: Delivery) -> None:
    unit = definitions.units[delivery.unit_code]
    target = inbox / unit.city_code / unit.unit_code / delivery.file_name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(OFFICIAL / delivery.file_name, target)
    set_arrival(target, datetime.fromisoformat(delivery.received_at))


def blueprints(
    definitions: Definitions, submissions: Collection[DemoSubmission]
) -> dict[tuple[str, str], Blueprint]:
    """The blueprint of every form version among some submissions."""
    forms = {(s.form_version.form_code, s.form_version.form_version) for s in submissions}
    return {
        (form.form_code, form.form_version): blueprint(definitions, form)
        for form in definitions.form_versions
        if (form.form_code, form.form_version) in forms
    }


def write_demo(
    definitions: Definitions,
    inbox: Path,
    start: str = "2021-01",
    end: str = "2025-12",
    seed: int = DEFAULT_SEED,
    faults: bool = False,
    progress: Progress | None = None,
    cities: Collection[str] | None = None,
    manifest: Path | None = None,
) -> DemoSummary:
    """Writes the demo's files, each with its arrival as file time.

    Args:
        definitions: the definition tables.
        inbox: the folder to write into, as `<city>/<unit>/<file>`.
        start: first month of the flows.
        end: last month.
        seed: the same seed gives the same files.
        faults: whether to spoil some of them.
        progress: told of the files written and to be written.
        cities: codes of the cities to write; None for all with a plan.
        manifest: where to write what the faults must raise; default beside the inbox.
    """
    submissions = list(plan_demo(definitions, start, end, seed, cities))
    plans = blueprints(definitions, submissions)
    planted = list(plant_faults(submissions, plans)) if faults else []
    spoiled = {one.submission.place for one in planted if not one.is_extra}
    sound = [s for s in submissions if s.place not in spoiled]
    released = _released(definitions, cities)
    total, workbooks = len(sound) + len(planted) + len(released), len(planted)
    for written, submission in enumerate(sound, start=1):
        form = submission.form_version
        write_submission(inbox, submission, plans[form.form_code, form.form_version])
        workbooks += submission.file_format == XLSX
        if progress is not None and written % _TELL_EVERY == 0:
            progress(written, total)
    for one in planted:
        one.write(inbox)
    for delivery in released:
        _write_release(definitions, inbox, delivery)
    if progress is not None:
        progress(total, total)
    path = None
    if faults:
        path = manifest or inbox.parent / "demo_faults.csv"
        write_manifest(path, planted)
    return DemoSummary(total, workbooks, total - workbooks, path)
