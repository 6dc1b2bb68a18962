"""The project as dbt reads it: where each layer lands, and how its SQL is written."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sources.codelists import CODELISTS, words
from tests.models.builders import PROJECT, Warehouse, problems
from tests.models.worlds import small_city

LAYERS = {
    "staging": ("view", "staging", False),
    "intermediate": ("table", "intermediate", False),
    "marts": ("table", "marts", True),
}

# Spelled by one engine only, or reading a clock; each has a portable way to say it.
FORBIDDEN = {
    "qualify": r"\bqualify\b",
    "double colon cast": r"::",
    "group by all": r"group\s+by\s+all",
    "strftime": r"\bstrftime\b",
    "date_format": r"\bdate_format\b",
    "clock": r"\b(current_date|current_timestamp|now\s*\(|today\s*\()",
    "cast to varchar": r"as\s+varchar",
    "position in group by": r"group\s+by\s+\d",
    "datediff": r"\bdatediff\b",
    "generate_series": r"\bgenerate_series\b",
    "listagg": r"\blistagg\b",
}


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Warehouse]:
    world = small_city(tmp_path_factory.mktemp("manifest"))
    world.write()
    result = world.dbt("parse")
    assert result.success
    manifest = json.loads((world.home / "target" / "manifest.json").read_text(encoding="utf-8"))
    return manifest, world


def _models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def test_every_model_lands_where_its_layer_says(
    parsed: tuple[dict[str, Any], Warehouse],
) -> None:
    models = _models(parsed[0])
    assert len(models) > 40
    for model in models:
        layer = model["original_file_path"].split("/")[0]
        materialized, schema, is_published = LAYERS[layer]
        assert model["config"]["materialized"] == materialized, model["name"]
        assert model["schema"] == schema, model["name"]
        assert (model["database"] == "rel") is is_published, model["name"]
        assert model["config"]["contract"]["enforced"] is is_published, model["name"]


def test_every_model_states_its_grain_and_every_published_column_has_a_comment(
    parsed: tuple[dict[str, Any], Warehouse],
) -> None:
    for model in _models(parsed[0]):
        assert model["description"], model["name"]
        if model["schema"] == "marts":
            assert re.search("[一-鿿]", model["description"]), model["name"]
            for column in model["columns"].values():
                assert re.search("[一-鿿]", column["description"]), column["name"]
        else:
            assert re.search("row|one row", model["description"], re.IGNORECASE), model["name"]


def test_the_names_of_layers_stand_in_the_names_of_models(
    parsed: tuple[dict[str, Any], Warehouse],
) -> None:
    prefixes = {"staging": "stg_", "intermediate": "int_"}
    for model in _models(parsed[0]):
        layer = model["original_file_path"].split("/")[0]
        if layer in prefixes:
            assert model["name"].startswith(prefixes[layer]), model["name"]
    names = [
        node["name"]
        for node in parsed[0]["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    ]
    assert len(names) == len(set(names)), "ref() would be ambiguous"


def test_only_staging_reads_raw_tables_and_seeds(
    parsed: tuple[dict[str, Any], Warehouse],
) -> None:
    for model in _models(parsed[0]):
        for parent in model["depends_on"]["nodes"]:
            if parent.startswith(("source.", "seed.")):
                assert model["schema"] == "staging", model["name"]


def test_every_gate_test_is_stored_in_the_schema_the_release_step_reads(
    parsed: tuple[dict[str, Any], Warehouse],
) -> None:
    tests = [n for n in parsed[0]["nodes"].values() if n["resource_type"] == "test"]
    assert tests
    for test in tests:
        assert test["config"]["store_failures"] is True, test["name"]
        assert test["schema"] == "gate", test["name"]
        assert "city_code" in test["raw_code"] or test["test_metadata"], test["name"]


def test_the_comment_of_a_column_tells_its_codes_in_the_words_of_their_list(
    parsed: tuple[dict[str, Any], Warehouse],
) -> None:
    """Two words for one code would be two things to a reader."""
    told = 0
    for model in parsed[0]["nodes"].values():
        for name, column in model.get("columns", {}).items():
            code_list = column["config"].get("meta", {}).get("code_list")
            for code, word in words(code_list).items() if code_list in CODELISTS else ():
                named = rf"(?<![a-z_]){re.escape(code)} ([^，。；、（）：]+)"
                said = set(re.findall(named, column["description"]))
                assert said <= {word}, (model["name"], name, code)
                told += len(said)
    assert told > 150


COMMON_CHECKS = {
    "register_derivations_have_one_row_per_element": "definitions that every city shares",
    "codelists_have_one_row_per_code": "words that every city shares",
    "data_dictionary_has_one_row_per_key": "the dictionary of the marts",
    "revisions_has_one_row_per_key": "kept from release to release, whatever city they tell of",
}


def test_a_generic_check_names_a_city_unless_it_looks_at_what_all_cities_share(
    parsed: tuple[dict[str, Any], Warehouse],
) -> None:
    """A failing row without a city holds every city back."""
    silent = {
        node["name"]
        for node in parsed[0]["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("test_metadata")
        and "city_column" not in node["test_metadata"]["kwargs"]
    }
    assert silent == set(COMMON_CHECKS)


def test_an_empty_value_in_a_city_s_table_is_a_test_s_to_tell_and_stops_no_build(
    parsed: tuple[dict[str, Any], Warehouse],
) -> None:
    tested = {
        node["attached_node"]
        for node in parsed[0]["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "required_values"
    }
    of_cities = {
        model["unique_id"]
        for model in _models(parsed[0])
        if model["schema"] == "marts"
        and "city_code" in model["columns"]
        and any(column["constraints"] for column in model["columns"].values())
    }
    assert len(of_cities) > 15
    assert tested == of_cities


@pytest.mark.parametrize("name", sorted(FORBIDDEN))
def test_models_are_written_in_sql_that_duckdb_and_spark_share(name: str) -> None:
    folders = ("staging", "intermediate", "marts")
    paths = [path for folder in folders for path in (PROJECT / folder).rglob("*.sql")]
    assert paths
    for path in paths:
        code = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8").lower())
        assert not re.search(FORBIDDEN[name], code), path.name


def test_no_definition_stands_in_sql() -> None:
    columns = {
        "units": "unit_code",
        "elements": "element_code",
        "indicators": "indicator_code",
        "plans": "plan_code",
        "plan_targets": "target_code",
        "forms": "form_code",
    }
    codes = set()
    for table, column in columns.items():
        with (PROJECT / "seeds" / f"{table}.csv").open(encoding="utf-8") as handle:
            codes |= {row[column] for row in csv.DictReader(handle)}
    for path in (*PROJECT.rglob("*.sql"),):
        literals = set(re.findall(r"'([^'\n]+)'", path.read_text(encoding="utf-8")))
        assert not literals & codes, path.name


def test_a_configuration_that_matches_nothing_stops_the_build() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["flags"]["warn_error_options"]["error"] == ["UnusedResourceConfigPath"]


def test_there_is_no_python_in_the_models() -> None:
    assert list(Path(PROJECT).rglob("*.py")) == []


def test_every_formula_has_a_unit_test_that_holds(
    parsed: tuple[dict[str, Any], Warehouse],
) -> None:
    manifest, world = parsed
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    assert {
        "int_element_views",
        "int_elements_by_view",
        "int_indicators_of_cities",
        "int_populations_by_vintage",
        "int_target_measurements",
        "int_target_evaluations",
        "int_target_statuses",
        "int_observations",
        "int_submissions_in_force",
        "int_value_versions",
    } <= tested
    # The inputs must exist for dbt to know their columns; their rows do not matter.
    assert problems(world.dbt("seed")) == []
    layers = ("path:staging", "path:intermediate")
    assert problems(world.dbt("run", "--empty", "--select", *layers)) == []
    result = world.dbt("test", "--select", "test_type:unit")
    assert problems(result) == []
    assert len(result.result) == len(manifest["unit_tests"])
