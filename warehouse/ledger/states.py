"""The states of submissions, corrections and periods and the moves between them, as data.

Every change of a state anywhere goes through `move`. What a move needs besides (reasons, another
author, no open findings) belongs to the verbs.
"""

from __future__ import annotations

from warehouse.errors import IllegalTransition

STATES = (
    "received",
    "refused",
    "held",
    "passed",
    "explained",
    "returned",
    "accepted_county",
    "accepted_city",
    "published",
    "superseded",
    "withdrawn",
)

ACCEPTED = frozenset({"accepted_city", "published"})
"""In force for certain."""
PROVISIONAL = frozenset({"passed", "explained", "accepted_county"})
"""In force while nothing newer or accepted is there."""
COUNTED = ACCEPTED | PROVISIONAL
OUT = frozenset({"refused", "withdrawn"})
"""Out of the line: no later version is compared with it or replaces it."""

_LIVE = ("held", "passed", "explained", "returned", "accepted_county", "accepted_city", "published")
_SET_ASIDE = ("superseded", "withdrawn")
_REVIEWED = ("passed", "explained", "accepted_county", "accepted_city", "published")

TRANSITIONS: dict[str, dict[str | None, tuple[str, ...]]] = {
    # The line's own moves, author `system`.
    "receive": {None: ("received",)},
    "refuse": {None: ("refused",)},
    "pass": {"received": ("passed",)},
    "hold": {"received": ("held",)},
    "reread": dict.fromkeys(("held", "passed", "explained"), ("received",)),
    "publish": {"accepted_city": ("published",)},
    "supersede": dict.fromkeys(_LIVE, ("superseded",)),
    # The desk's verbs. A second explanation leaves `explained` as it is; corrections never move a
    # state; `accept` from `returned` or `superseded` takes back a return or a replacement.
    "explain": {
        "passed": ("passed", "explained"),
        "explained": ("explained",),
        "accepted_county": ("accepted_county",),
    },
    "return": {state: ("returned",) for state in _LIVE if state != "returned"},
    # What was entered on a unit's behalf is held until the unit confirms it, then checked anew.
    "confirm": {
        "received": ("received",),
        "held": ("received",),
        **{state: (state,) for state in _REVIEWED},
    },
    "correct": {state: (state,) for state in _REVIEWED},
    "approve": {state: (state,) for state in _REVIEWED},
    "reject": {state: (state,) for state in _REVIEWED},
    "accept": {
        "passed": ("accepted_county",),
        "explained": ("accepted_county",),
        "returned": ("accepted_county",),
        "superseded": ("accepted_county",),
        "accepted_county": ("accepted_city",),
    },
    "withdraw": dict.fromkeys(("received", *_LIVE), ("withdrawn",)),
}

REVERSIBLE = (
    "explain", "return", "confirm", "correct", "approve", "reject", "accept", "withdraw",
    "supersede",
)  # fmt: skip
"""Verbs that `undo` takes back. Of the line's own moves, `pass` and `hold` are reversed by
`reread`, `publish` by `return`, `receive` by `withdraw`."""


def _backwards() -> dict[str | None, tuple[str, ...]]:
    """The reversible moves read from their end; a correction is undone whatever came after it."""
    ends: dict[str | None, set[str]] = {state: {state} for state in (*_LIVE, *_SET_ASIDE)}
    for verb in REVERSIBLE:
        for from_state, targets in TRANSITIONS[verb].items():
            for target in targets:
                ends.setdefault(target, set()).add(str(from_state))
    return {state: tuple(sorted(befores)) for state, befores in sorted(ends.items())}


TRANSITIONS["undo"] = _backwards()

CORRECTION_TRANSITIONS: dict[str, dict[str | None, tuple[str, ...]]] = {
    "correct": {None: ("proposed",)},
    "confirm": {"proposed": ("proposed",)},
    "approve": {"proposed": ("approved",)},
    "reject": {"proposed": ("rejected",)},
    "undo": {
        "proposed": ("cancelled", "proposed"),
        "approved": ("proposed",),
        "rejected": ("proposed",),
    },
}
"""States of a correction: without effect but while `approved`."""

PERIOD_TRANSITIONS: dict[str, dict[str | None, tuple[str, ...]]] = {
    "close": {"open": ("closed",)},
    "reopen": {"closed": ("open",)},
}
"""States of a city's form and period: 封库 and 开封, each the other's reverse."""


def move(verb: str, from_state: str | None, to_state: str | None = None) -> str:
    """The state a verb leads to; `to_state` chooses where a verb may lead to several.

    Raises:
        IllegalTransition: the verb is unknown, or the state does not allow it.
    """
    moves = TRANSITIONS.get(verb, {})
    targets = moves.get(from_state, ())
    if not targets or (to_state is not None and to_state not in targets):
        allowed = [
            state or "" for state, ends in moves.items() if to_state is None or to_state in ends
        ]
        raise IllegalTransition(verb, from_state, sorted(allowed))
    return to_state or targets[0]
