"""Each trap's assertion can fail: a product that walks into the trap is built, and must be seen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.catalogue import MODELS, READINGS
from tests.conformance.mutations import MUTATIONS, Mutation
from tests.conformance.worlds import TrapWorld
from tests.models.builders import problems

ROOT = Path(__file__).resolve().parents[2]
CAUGHT = 77
ASK = """
import sys
from _pytest.outcomes import Failed
from tests.conformance.catalogue import READINGS
try:
    READINGS[sys.argv[1]]()
except (AssertionError, Failed):
    sys.exit({caught})
"""

OF_MODELS = sorted(name for name, one in MUTATIONS.items() if one.is_of_models)
OF_READING = sorted(set(MUTATIONS) - set(OF_MODELS))


@contextmanager
def spoilt(world: TrapWorld, mutation: Mutation) -> Iterator[None]:
    """The world as the mutated models build it; the sound one is put back afterwards."""
    path = world.project / mutation.path.removeprefix("models/")
    text = path.read_text(encoding="utf-8")
    files = (world.warehouse_file, world.release_file)
    sound = [file.read_bytes() for file in files]
    path.write_text(mutation.applied_to(text), encoding="utf-8")
    try:
        assert problems(world.dbt("run", "--select", mutation.selection)) == []
        yield
    finally:
        path.write_text(text, encoding="utf-8")
        for file, content in zip(files, sound, strict=True):
            file.write_bytes(content)


@pytest.mark.parametrize("name", OF_MODELS)
def test_the_mutation_of_the_models_is_caught(city: TrapWorld, name: str) -> None:
    mutation = MUTATIONS[name]
    with spoilt(city, mutation), pytest.raises(AssertionError):
        MODELS[mutation.trap](city)


@pytest.fixture(scope="session")
def copy_of_the_product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("product")
    for room in ("sources", "expectations", "models", "tests"):
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    for definitions in ("warehouse/schema",):
        shutil.copytree(ROOT / definitions, copy / definitions)
    return copy


@pytest.mark.parametrize("name", OF_READING)
def test_the_mutation_of_reading_is_caught(copy_of_the_product: Path, name: str) -> None:
    mutation = MUTATIONS[name]
    path = copy_of_the_product / mutation.path
    text = path.read_text(encoding="utf-8")
    path.write_text(mutation.applied_to(text), encoding="utf-8")
    try:
        asked = subprocess.run(
            [sys.executable, "-B", "-c", ASK.format(caught=CAUGHT), mutation.trap],
            cwd=copy_of_the_product, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    finally:
        path.write_text(text, encoding="utf-8")
    assert asked.returncode == CAUGHT, asked.stderr


def test_every_trap_has_a_mutation() -> None:
    assert {one.trap for one in MUTATIONS.values()} == set(MODELS) | set(READINGS)


def test_a_mutation_without_its_text_is_an_error() -> None:
    with pytest.raises(LookupError):
        Mutation("t01", "models/x.sql", "not there", "").applied_to("select 1")
