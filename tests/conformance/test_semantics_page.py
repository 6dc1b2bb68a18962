"""Every worked example of `docs/semantics.md` is what the models say, and no word is left out."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from typing import TYPE_CHECKING, get_args

import pytest

from sources.definition_checks.grammar import CLOSED_LISTS
from sources.periods import PeriodType
from sources.vocabulary import REVISION_REASON_ZH
from tests.conformance.semantics_page import (
    MARTS,
    Example,
    PageWorld,
    as_printed,
    build_world,
    examples,
    page,
    rows_of,
    tables,
)
from tests.models.builders import PROJECT, problems

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = examples(page())

# What has an example of its own besides its explanation, by the column it is a word of.
SHOWN = (
    ("elements", "kind"), ("plan_targets", "basis"), ("plan_targets", "comparator"),
    ("plan_targets", "direction"), ("target_paths", "path_method"),
    ("indicators", "rounding_mode"), ("elements", "annual_precedence"),
)  # fmt: skip
TOLD = (*SHOWN, ("sources_of_record", "source_kind"))
PERIOD_TYPES = {*get_args(PeriodType), "ytd", "plan_to_date"}
NEVER_GIVEN = {"not_applicable"}


def accepted_values() -> dict[str, set[str]]:
    """The closed lists that the models' own tests hold, by the name of the test."""
    text = "".join(path.read_text(encoding="utf-8") for path in PROJECT.glob("*/*/_*.yml"))
    lists = re.findall(r"name: (\w+)\s+arguments:\s+values: \[(.+?)\]", text)
    return {name: set(re.findall(r'"([^"]+)"', values)) for name, values in lists}


def explained() -> set[str]:
    """Words with an entry: the head of a row outside the examples, or followed by its Chinese."""
    heads = {row[0] for header, rows in tables(page()) if header[0] not in MARTS for row in rows}
    return heads | set(re.findall(r"`([^`]+)`\s\([^\W\d_a-zA-Z]", page()))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> PageWorld:
    home: Path = tmp_path_factory.mktemp("semantics")
    project = home / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    world = build_world(home, project, EXAMPLES)
    assert problems(world.build()) == []
    return world


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.word} {one.of} {one.period}")
def test_an_example_is_what_the_models_say(built: PageWorld, example: Example) -> None:
    rows = rows_of(built, example)
    assert len(rows) == 1, rows
    said = {name: as_printed(rows[0][name], cell) for name, cell in example.expected.items()}
    assert said == example.expected


def test_every_word_of_a_closed_list_has_its_entry() -> None:
    lists = {**accepted_values(), "reasons": set(REVISION_REASON_ZH), "period types": PERIOD_TYPES}
    lists |= {f"{table}.{column}": set(CLOSED_LISTS[table, column]) for table, column in TOLD}
    assert {
        "plan_progress_knows_every_status_code",
        "unit_observations_knows_every_obs_status",
    } <= (set(lists))
    missing = {name: words - explained() for name, words in lists.items()}
    assert {name: words for name, words in missing.items() if words} == {}


def test_every_word_that_can_be_shown_has_its_example() -> None:
    shown = {one.word for one in EXAMPLES}
    words = PERIOD_TYPES.union(*accepted_values().values(), *(CLOSED_LISTS[one] for one in SHOWN))
    assert words - shown == NEVER_GIVEN


@pytest.mark.parametrize("column", ["status_code", "obs_status"])
def test_an_example_under_the_name_of_a_status_has_that_status(column: str) -> None:
    words = next(v for name, v in accepted_values().items() if name.endswith(f"every_{column}"))
    told = [one for one in EXAMPLES if one.word in words and column in one.expected]
    assert {one.word for one in told} == words - NEVER_GIVEN
    assert [one for one in told if one.expected[column] != one.word] == []


def test_what_an_example_changes_of_an_element_touches_no_other_example() -> None:
    used = Counter(
        code
        for one in EXAMPLES
        if one.is_first_of_city
        for code in {filed.element for filed in one.filed}
    )
    columns = {"carry_periods", "annual_precedence", "changed_on"}
    changed = [one.filed[0].element for one in EXAMPLES
               if one.is_first_of_city and columns & set(one.changes)]  # fmt: skip
    assert changed
    assert [code for code in changed if used[code] > 1] == []
