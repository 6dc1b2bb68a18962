"""Whether an exported table still holds: each number of it beside what is published now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from warehouse.errors import NoRelease, ThinnedRelease, UnknownTarget
from warehouse.exports.plan_figures import plan_figures
from warehouse.exports.query import query
from warehouse.exports.records import ExportRecord
from warehouse.exports.selection import Figure, Selection
from warehouse.exports.unit_figures import Labels, unit_figures_now
from warehouse.exports.verify_tables import WHOLE_ROW, moved_cells
from warehouse.queries.history import differences
from warehouse.queries.published import ask, manifest
from warehouse.releases.history import not_there
from warehouse.settings import Settings

Change = dict[str, Any]

GONE_ZH = "现在的发布中没有这一项"
FOLLOWED_ZH = {
    "rank": "同组单位的数有变化",
    "share_pct": "本单位或全市合计有变化",
    "yoy_pct": "本期或上年同期的数有变化",
    "completion_pct": "实际值或目标有变化",
    "expected_value": "目标、路径或报告期有变化",
}
"""Why a number changed that is computed of others whose own reasons differ."""


@dataclass(frozen=True)
class Verdict:
    """What has become of an exported table."""

    record: ExportRecord
    release_id: str
    as_of: str
    changes: tuple[Change, ...]
    """One per number that is another now: label_zh, old_value, new_value, reason_code,
    reason_zh."""

    thinned_zh: str | None = None
    """What became of the release it was made of, where its figures are no longer kept."""

    @property
    def is_current(self) -> bool:
        """Whether every number still stands, be it in the same release or a later one."""
        return not self.changes

    def as_json(self) -> dict[str, Any]:
        """The verdict for programs and for the desk."""
        return {
            "code": self.record.code,
            "is_current": self.is_current,
            "made_at": self.record.made_at,
            "exported_release_id": self.record.release_id,
            "exported_as_of": self.record.as_of,
            "is_synthetic": self.record.is_synthetic,
            "release_id": self.release_id,
            "as_of": self.as_of,
            "thinned_zh": self.thinned_zh,
            "figures": None if self.record.table_file else len(self.record.figures),
            "changes": list(self.changes),
        }


def verify(settings: Settings, record: ExportRecord) -> Verdict:
    """Every number of an exported table that differs in the published release, and why.

    Raises:
        NoRelease: nothing is published.
    """
    current = manifest(settings)
    release_id = str(current["release_id"])
    changes: list[Change] = []
    if release_id != record.release_id:
        moved = _moved(settings, record, release_id)
        if moved:
            reasons = _Reasons(settings, record.release_id, release_id)
            labels = Labels(settings, release_id)
            changes = [_change(old, new, reasons, labels) for old, new in moved]
    gone = not_there(settings, record.release_id)
    thinned_zh = gone.message_zh if isinstance(gone, ThinnedRelease) else None
    return Verdict(record, release_id, str(current["as_of"]), tuple(changes), thinned_zh)


def _moved(
    settings: Settings, record: ExportRecord, release_id: str
) -> list[tuple[Figure, Figure | None]]:
    """The numbers of an exported table that are other in a release, with what they are there."""
    if record.table_file is not None:
        name, file = record.table_file
        return [
            (old, None if new is None and old.column_name == WHOLE_ROW else replace(old, value=new))
            for old, new in moved_cells(settings, name, file, release_id)
        ]
    now = {one.key: one for one in _now(settings, record, release_id)}
    return [
        (old, now.get(old.key))
        for old in record.figures
        if old.key not in now or now[old.key].value != old.value
    ]


def _now(settings: Settings, record: ExportRecord, release_id: str) -> Sequence[Figure]:
    """The same question asked of the published release; nothing where it has gone."""
    units = unit_figures_now(settings, record.figures, release_id)
    try:
        return [*_asked(settings, record, release_id), *units]
    except UnknownTarget:
        return [*_one_by_one(settings, record.selection, release_id), *units]


def _asked(settings: Settings, record: ExportRecord, release_id: str) -> Sequence[Figure]:
    return _KINDS[str(record.selection["kind"])](settings, record.selection, release_id)


def _query(settings: Settings, selection: Mapping[str, Any], release_id: str) -> Sequence[Figure]:
    return query(settings, Selection.of_json(selection), release_id).figures()


def _one_by_one(
    settings: Settings, selection: Mapping[str, Any], release_id: str
) -> Sequence[Figure]:
    """The parts of a selection that the release still knows."""
    if selection["kind"] != "query":
        return [
            one for code in selection["plan_codes"] for one in _plan(settings, code, release_id)
        ]
    wanted = Selection.of_json(selection)
    found: list[Figure] = []
    for unit in wanted.unit_codes:
        for indicator in wanted.indicator_codes:
            for period in wanted.period_codes:
                part = Selection((unit,), (indicator,), (period,), wanted.measures)
                try:
                    found += query(settings, part, release_id).figures()
                except UnknownTarget:
                    continue
    return found


def _plan(settings: Settings, plan_code: str, release_id: str) -> Sequence[Figure]:
    """The numbers of one plan, none where the release does not know it."""
    try:
        return plan_figures(settings, {"plan_codes": [plan_code]}, release_id)
    except UnknownTarget:
        return []


_KINDS: Mapping[str, Callable[[Settings, Mapping[str, Any], str], Sequence[Figure]]] = {
    "query": _query,
    "plan_table": plan_figures,
}


def _change(old: Figure, new: Figure | None, reasons: _Reasons, labels: Labels) -> Change:
    code, said = reasons.of(old, new)
    return {
        "key": old.key,
        "label_zh": labels.of(old),
        "old_value": old.value,
        "new_value": new.value if new else None,
        "reason_code": code,
        "reason_zh": said if new else GONE_ZH,
    }


class _Reasons:
    """Why rows of the marts differ between two releases, looked up when the first is asked for."""

    def __init__(self, settings: Settings, first: str, second: str) -> None:
        self._by_row: dict[tuple[str, str], tuple[str, str]] = {}
        try:
            found = differences(settings, first, second)
        except NoRelease:
            # The release the table came from is no longer kept: what was recorded since then.
            found = ask(
                settings,
                "select * from marts.revisions where from_release >= ? order by to_release",
                [first],
                second,
            )
        for row in found:
            place = (str(row["table_name"]), str(row["key_text"]))
            self._by_row[place] = (str(row["reason_code"]), str(row["reason_zh"]))

    def of(self, old: Figure, new: Figure | None) -> tuple[str, str]:
        """The reason of a number: that of its row, else what it follows from."""
        for figure in (new, old):
            if figure is not None and (figure.table_name, figure.key_text) in self._by_row:
                return self._by_row[figure.table_name, figure.key_text]
        return "followed", FOLLOWED_ZH.get(old.column_name, "重新计算")
