"""Releasing: the gate's verdict per city, then the release, or the word that nothing changed."""

from __future__ import annotations

from orchestration.progress import tell
from orchestration.stages import ReleaseOutcome, save_outcome
from orchestration.stages.answering import answer
from orchestration.stages.delivering import hand_on
from orchestration.stages.modelling import BuildPlan, modelled, planned, remember_inputs
from orchestration.stages.officials import settle_officials
from sources.definitions import Definitions
from warehouse.connection import private_warehouse
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.policies import mark_published
from warehouse.releases.gate import FailedTest, Verdict, judge
from warehouse.releases.publish import Published, publish
from warehouse.settings import Settings

EVERY_CITY = "全部城市"


def release(settings: Settings, definitions: Definitions) -> ReleaseOutcome:
    """What the night came to.

    Raises:
        ReleaseBroken: the built file does not read back as written; nothing was published.
    """
    outcome = _publish(settings, planned(settings))
    save_outcome(settings, outcome)
    tell("发布：更新回执")
    engine = open_ledger(settings)
    try:
        # Receipts of tonight's check say 待发布; what the release took in is told so tonight.
        answer(settings, definitions, engine)
    finally:
        engine.dispose()
    return outcome


def _publish(settings: Settings, plan: BuildPlan) -> ReleaseOutcome:
    tell("发布：检查、写出、替换")
    failed = [
        FailedTest(result.name, result.relation_name, result.message)
        for result in modelled(settings)
        if result.resource_type == "test" and result.is_failed
    ]
    with private_warehouse(settings) as connection:
        verdict = judge(connection, failed)
    published = publish(settings, plan.building(settings), plan.context, verdict)
    held = _held(verdict)
    # A file that another program holds is not out yet: the next night puts it in place and then
    # remembers it.
    if published.outcome != "blocked" and published.warning_zh is None:
        engine = open_ledger(settings)
        try:
            mark_published(
                engine,
                published.release_id or plan.release_id,
                plan.context.published_at,
                verdict.held_codes,
            )
        finally:
            engine.dispose()
        remember_inputs(settings, plan)
    return ReleaseOutcome(
        release_id=_id(published, plan),
        as_of=plan.context.as_of,
        is_new=published.outcome == "released" and published.warning_zh is None,
        warning_zh=published.warning_zh,
        held_cities=held,
        deliveries=hand_on(settings),
        officials=settle_officials(settings),
    )


def _held(verdict: Verdict) -> tuple[dict[str, str], ...]:
    if verdict.holds_all:
        return tuple(
            {"city_code": EVERY_CITY, "reason": reason} for reason in verdict.all_held_because
        )
    return tuple({"city_code": city.city_code, "reason": city.reason} for city in verdict.held)


def _id(published: Published, plan: BuildPlan) -> str:
    return published.release_id or plan.release_id
