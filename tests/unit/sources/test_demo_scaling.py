"""Copies of the planned cities are definitions that stand by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.definition_checks import check_definitions
from sources.definitions import Definitions
from sources.demo.scaling import write_copies


@pytest.mark.parametrize("scale", [2, 3])
def test_every_planned_city_stands_scale_times(tmp_path: Path, scale: int) -> None:
    once = Definitions.load()
    added = write_copies(once, scale, tmp_path)
    copied = Definitions.load(tmp_path)
    assert check_definitions(copied) == []
    assert added == len(once.plan_cities) * (scale - 1)
    assert len(copied.plan_cities) == len(once.plan_cities) * scale
    assert len(copied.assignments) == len(once.assignments) * scale
    assert copied.table("plan_targets").height == once.table("plan_targets").height * scale
