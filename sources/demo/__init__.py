"""The demonstration: seeded synthetic submissions of every unit, and planted faults.

What lives here: values on plausible courses (`paths`, `courses`, `goals`, `leading`, `filling`),
when and as which file they arrive (`arrivals`, `planning`), writing them (`generator`) and spoiling
some of them (`faults`, `spoiling`). Everything follows from the definitions, the data files beside
this module and a seed.
"""

from __future__ import annotations

DEFAULT_SEED = 20260131
