"""The shared world of the traps: one dbt build a session, on a copy of the models."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.conformance.catalogue import ROWS
from tests.conformance.worlds import TrapWorld, empty_world
from tests.models.builders import PROJECT, problems

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> TrapWorld:
    """Every trap's rows, built once."""
    home: Path = tmp_path_factory.mktemp("traps")
    project = home / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    world = empty_world(home, project)
    for add in ROWS:
        add(world)
    assert problems(world.build("resource_type:test")) == []
    world.remember_compiled()
    return world
