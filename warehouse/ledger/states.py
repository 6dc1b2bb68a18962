"""The states of a submission and the moves between them, as data and one pure function.

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
"""For ever out of the line."""

_LIVE = ("held", "passed", "explained", "returned", "accepted_county", "accepted_city", "published")
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
    # The steward's six verbs. A second explanation leaves `explained` as it is; corrections never
    # move a state; `accept` from `returned` or `superseded` undoes a return or a replacement.
    "explain": {
        "passed": ("passed", "explained"),
        "explained": ("explained",),
        "accepted_county": ("accepted_county",),
    },
    "return": {state: ("returned",) for state in _LIVE if state != "returned"},
    "correct": {state: (state,) for state in _REVIEWED},
    "approve": {state: (state,) for state in _REVIEWED},
    "accept": {
        "passed": ("accepted_county",),
        "explained": ("accepted_county",),
        "returned": ("accepted_county",),
        "superseded": ("accepted_county",),
        "accepted_county": ("accepted_city",),
    },
    "withdraw": dict.fromkeys(("received", *_LIVE), ("withdrawn",)),
}


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
