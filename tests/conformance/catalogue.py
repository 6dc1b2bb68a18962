"""The traps: what adds the rows of each to the shared world, and what must hold.

`MODELS` are asserted on the built world, `READINGS` on the Python rooms alone. A trap may stand in
both: it can be missed while reading and while adding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.conformance import (
    bodies,
    borders,
    completeness,
    judgements,
    readings,
    successors,
    suites,
    sums,
)
from tests.conformance.worlds import TrapWorld

MODULES = (sums, bodies, borders, successors, judgements, completeness)


def _named(ending: str, *modules: object) -> dict[str, Callable[..., None]]:
    return {
        name.removesuffix(ending): function
        for module in modules
        for name, function in vars(module).items()
        if name.endswith(ending) and (ending == "_rows" or name[1:3].isdigit())
    }


ROWS: tuple[Callable[[TrapWorld], None], ...] = tuple(_named("_rows", *MODULES, suites).values())
MODELS: Mapping[str, Callable[[TrapWorld], None]] = _named("_holds", *MODULES)
READINGS: Mapping[str, Callable[[], None]] = _named("_holds", readings)
