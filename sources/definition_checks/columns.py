"""Checks of single columns: keys, references, cells that must say something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sources.definition_checks.grammar import SPOILED_CODE, closed_list, problems_of_cell
from sources.definition_checks.problem import Problem, is_projects, problem
from sources.definitions import KEYS, Definitions

# column → the table and column its values come from ('|' inside a cell separates several)
REFERENCES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("units", "parent_code"): ("units", "unit_code"),
    ("units", "city_code"): ("units", "unit_code"),
    ("units", "host_unit_code"): ("units", "unit_code"),
    ("unit_changes", "to_unit_code"): ("units", "unit_code"),
    ("populations", "area_code"): ("units", "unit_code"),
    ("forms", "layout_code"): ("layouts", "layout_code"),
    ("forms", "calendar_code"): ("calendar", "calendar_code"),
    ("form_elements", "form_code"): ("forms", "form_code"),
    ("form_elements", "element_code"): ("elements", "element_code"),
    ("form_assignments", "form_code"): ("forms", "form_code"),
    ("form_assignments", "city_code"): ("units", "unit_code"),
    ("form_assignments", "unit_code"): ("units", "unit_code"),
    ("channels", "unit_code"): ("units", "unit_code"),
    ("indicator_terms", "indicator_code"): ("indicators", "indicator_code"),
    ("indicator_terms", "element_code"): ("elements", "element_code"),
    ("plans", "city_code"): ("units", "unit_code"),
    ("plan_targets", "plan_code"): ("plans", "plan_code"),
    ("plan_targets", "indicator_code"): ("indicators", "indicator_code"),
    ("plan_targets", "relative_indicator_code"): ("indicators", "indicator_code"),
    ("plan_targets", "restates_target_code"): ("plan_targets", "target_code"),
    ("plan_targets", "bound_unit_codes"): ("units", "unit_code"),
    ("plan_facts", "plan_code"): ("plans", "plan_code"),
    ("plan_columns", "plan_code"): ("plans", "plan_code"),
    ("target_paths", "target_code"): ("plan_targets", "target_code"),
    ("authority_series", "form_code"): ("forms", "form_code"),
    ("authority_series", "element_code"): ("elements", "element_code"),
    ("acceptance_policies", "city_code"): ("units", "unit_code"),
    ("acceptance_policies", "form_code"): ("forms", "form_code"),
    ("plans", "supersedes_plan_code"): ("plans", "plan_code"),
    ("plans", "follows_plan_code"): ("plans", "plan_code"),
    ("sources_of_record", "element_code"): ("elements", "element_code"),
    ("sources_of_record", "city_code"): ("units", "unit_code"),
    ("target_links", "from_target_code"): ("plan_targets", "target_code"),
    ("target_links", "to_target_code"): ("plan_targets", "target_code"),
    ("publication_settings", "indicator_code"): ("indicators", "indicator_code"),
    ("publication_settings", "city_code"): ("units", "unit_code"),
    ("registers", "form_code"): ("forms", "form_code"),
    ("register_columns", "form_code"): ("registers", "form_code"),
    ("register_derivations", "form_code"): ("registers", "form_code"),
    ("register_derivations", "element_code"): ("elements", "element_code"),
    ("register_conditions", "form_code"): ("registers", "form_code"),
    ("audience_tables", "audience_code"): ("audiences", "audience_code"),
}

MANDATORY: frozenset[tuple[str, str]] = frozenset({
    ("elements", "kind"), ("elements", "unit_zh"), ("indicators", "direction"),
    ("plan_targets", "direction"), ("plan_targets", "basis"), ("plan_targets", "quote"),
    ("plan_targets", "line"), ("units", "unit_name_zh"), ("channels", "channel_kind"),
    ("explanation_reasons", "reason_zh"), ("audiences", "audience_zh"),
    ("audiences", "highest_class_zh"), ("codelists", "label_zh"), ("codelists", "code_order"),
    ("register_columns", "confidentiality_zh"), ("register_columns", "data_type"),
    ("registers", "key_column"),
    # The rooms count and compare by these.
    ("forms", "valid_from"), ("form_elements", "row_order"), ("form_elements", "decimals"),
    ("layouts", "column_order"),
    ("plan_columns", "column_order"), ("plan_columns", "heading_zh"),
    ("plan_columns", "field_name"),
})  # fmt: skip

# Codes are one namespace: an overlay may not use a code that names something else.
NAMED = (
    ("units", "unit_code"), ("elements", "element_code"), ("forms", "form_code"),
    ("indicators", "indicator_code"), ("plans", "plan_code"), ("plan_targets", "target_code"),
    ("rules", "rule_id"), ("layouts", "layout_code"),
)  # fmt: skip


def column_problems(definitions: Definitions) -> Iterator[Problem]:
    """Problems that one cell, or one key, shows by itself."""
    for table in KEYS:
        yield from _double_keys(definitions, table)
        for column in definitions.table(table).columns:
            yield from _of_column(definitions, table, column)
    yield from _codes_used_twice(definitions)


def _double_keys(definitions: Definitions, table: str) -> Iterator[Problem]:
    """Rows of one file with the same key: neither may silently go before the other."""
    columns = "、".join(KEYS[table])
    first: dict[tuple[str | None, ...], int] = {}
    for index, key in enumerate(definitions.table(table).select(KEYS[table]).iter_rows()):
        earlier = first.setdefault(key, index)
        if earlier != index:
            file, line = definitions.place(table, earlier)
            said = f"主键重复：与 {file} 第 {line} 行相同，只能留一行"
            shown = "、".join(part or "" for part in key)
            yield problem(definitions, table, index, columns, shown, said)


def _of_column(definitions: Definitions, table: str, column: str) -> Iterator[Problem]:
    place = (table, column)
    allowed = closed_list(table, column)
    target = REFERENCES.get(place)
    known = set(definitions.table(target[0])[target[1]]) if target else set()
    said_of: dict[str, tuple[str, ...]] = {}  # most columns say the same few things
    for index, value in enumerate(definitions.table(table)[column].to_list()):
        if value is None:
            if place in MANDATORY or place in NAMED:
                yield problem(definitions, table, index, column, None, "不能为空")
            continue
        if value not in said_of:
            said_of[value] = tuple(problems_of_cell(table, column, value, allowed))
        for said in said_of[value]:
            yield problem(definitions, table, index, column, value, said)
        if target is not None:
            for part in value.split("|"):
                if part not in known:
                    said = f"在 {target[0]}.csv 中没有这个代码"
                    if SPOILED_CODE.fullmatch(part):
                        said += "（是否被表格软件改写、丢了开头的 0？代码列请设为文本）"
                    yield problem(definitions, table, index, column, part, said)


def _codes_used_twice(definitions: Definitions) -> Iterator[Problem]:
    owners: dict[str, tuple[str, str, int]] = {}
    for table, column in NAMED:
        for index, code in enumerate(definitions.table(table)[column].to_list()):
            if code is None:
                continue
            own = (table, column, index)
            first = owners.setdefault(code, own)
            if first[0] == table:
                continue
            # Of the two, the user's row is the one to change, whichever table is read first.
            is_first_users = not is_projects(definitions, first[0], first[2])
            wrong, right = (first, own) if is_first_users else (own, first)
            said = f"这个代码在 {right[0]}.csv 中另有所指，请换一个"
            yield problem(definitions, wrong[0], wrong[2], wrong[1], code, said)
