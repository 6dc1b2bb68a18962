"""The night's stages as plain functions that know nothing of Dagster, and what they hand over.

A stage reads what the one before it committed (ledger, raw tables, small files in `work/night/`),
so a night that was cut off goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from expectations.rules import Rules
from orchestration.errors import DefinitionsUnsound
from sources.channels import ArrivedFile, FolderInbox
from sources.definition_checks import Problem, check_definitions
from sources.definition_checks.problem import problem
from sources.definitions import SEEDS, Definitions
from sources.texts import readable_name
from warehouse.settings import Settings

LAST_FAILURE = "last_failure.json"
LAST_OUTCOME = "last_outcome.json"
CHANNEL_REPORTS = "channels.json"


@dataclass(frozen=True)
class ReleaseOutcome:
    """What the release step decided."""

    release_id: str
    as_of: date
    is_new: bool
    held_cities: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    warning_zh: str | None = None
    """What the operator must know although nothing failed: a file that could not be replaced."""
    deliveries: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    """What each further place came to: target, release_id, is_new, problem_zh."""
    officials: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    """Official releases laid out tonight, or why not: release_id, audience, folder, problem_zh."""


def _stamp(folder: Path | None) -> tuple[tuple[str, int], ...]:
    if folder is None:
        return ()
    return tuple((path.name, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.csv")))


@lru_cache(maxsize=8)
def _loaded(
    overlay: Path | None,
    cities: tuple[str, ...],
    _stamps: tuple[tuple[tuple[str, int], ...], ...],
) -> Definitions:
    definitions = Definitions.load(overlay)
    problems = problems_of(definitions)
    if problems:
        raise DefinitionsUnsound([asdict(one) for one in problems])
    return definitions.serving(cities)


def problems_of(definitions: Definitions) -> list[Problem]:
    """Everything wrong in definition tables, the expressions of validation rules included."""
    problems = check_definitions(definitions)
    return problems + [
        problem(definitions, "rules", index, "rule_id", error.rule_id, error.problem_zh)
        for index, error in Rules.errors_of(definitions).items()
    ]


def definitions_of(settings: Settings) -> Definitions:
    """The definitions of a workspace, read again only when a file has changed.

    Raises:
        DefinitionError: a file cannot be read.
        DefinitionsUnsound: rows that cannot stand, each with file, line and column.
    """
    overlay = settings.definitions_overlay
    return _loaded(overlay, settings.cities, (_stamp(SEEDS), _stamp(overlay)))


def serves(settings: Settings, area_code: str) -> bool:
    """Whether files of an area are taken: of a served city, or of the region that tells of it."""
    if settings.serves(area_code):
        return True
    units = definitions_of(settings).units
    return any(units[city].parent_code == area_code for city in settings.cities if city in units)


def arrivals_in(settings: Settings) -> list[ArrivedFile]:
    """Settled files in the inboxes of the areas this workspace serves."""
    arrivals = FolderInbox(settings.inbox).arrivals()
    return [arrival for arrival in arrivals if serves(settings, arrival.city_code)]


def stray_files(settings: Settings) -> list[str]:
    """Files in the inbox that lie in no unit's folder, below the inbox: nobody takes them."""
    inbox = settings.inbox
    strays = FolderInbox(inbox).strays()
    return [readable_name(path.relative_to(inbox).as_posix()) for path in strays]


def night_folder(settings: Settings) -> Path:
    """Where the stages of a night leave notes for one another."""
    folder = settings.work / "night"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def save_outcome(settings: Settings, outcome: ReleaseOutcome) -> None:
    """Keeps what the night came to, for the command line and `status`."""
    record = asdict(outcome) | {"as_of": outcome.as_of.isoformat()}
    path = settings.work / LAST_OUTCOME
    path.write_text(json.dumps(record, ensure_ascii=False, indent=2), encoding="utf-8")
    (settings.work / LAST_FAILURE).unlink(missing_ok=True)


def channel_reports(settings: Settings) -> list[dict[str, Any]]:
    """What each far place came to in the last night: label, files, problem_zh, notes."""
    try:
        text = (settings.work / CHANNEL_REPORTS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    found: list[dict[str, Any]] = json.loads(text)
    return found


def last_failure(settings: Settings) -> Mapping[str, str] | None:
    """What failed in the last run, if no night has succeeded since."""
    try:
        found: Mapping[str, str] = json.loads(
            (settings.work / LAST_FAILURE).read_text(encoding="utf-8")
        )
    except FileNotFoundError:
        return None
    return found


def note_failure(settings: Settings, job: str, message: str, at: datetime) -> None:
    """Leaves word of a failed run where `status` tells the operator of it."""
    settings.work.mkdir(parents=True, exist_ok=True)
    record = {"job": job, "message": message, "at": at.isoformat(timespec="seconds")}
    path = settings.work / LAST_FAILURE
    path.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")


def last_outcome(settings: Settings) -> ReleaseOutcome:
    """What the last finished night came to."""
    record = json.loads((settings.work / LAST_OUTCOME).read_text(encoding="utf-8"))
    return ReleaseOutcome(
        release_id=record["release_id"],
        as_of=date.fromisoformat(record["as_of"]),
        is_new=record["is_new"],
        held_cities=tuple(record["held_cities"]),
        warning_zh=record.get("warning_zh"),
        deliveries=tuple(record.get("deliveries", ())),
        officials=tuple(record.get("officials", ())),
    )
