"""Names and telephone numbers planted wherever a filer can write stay inside.

Every form a unit files carries them in its footer, its remarks, its file name and one cell that
asks for a figure; the steward's words carry them too. Registers have their own in
`test_registers.py`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from expectations.rules import Rules
from sources.definitions import Definitions, FormVersion
from sources.periods import Period, parse_period
from sources.templates.grid import blueprint, fill
from tests.corpus.books import xlsx
from tests.integration.conftest import Workspace

NAME, PHONE, FIRM = "暗记人甲", "13866667777", "暗记牧业公司"
STEWARD = "暗记审核员"
SECRET = (NAME, PHONE, FIRM, STEWARD)
PEOPLE = {"单位负责人": NAME, "统计负责人": NAME, "填表人": NAME, "联系电话": PHONE}
NEWEST = {"month": "2025-12", "quarter": "2025-Q4", "half": "2025-S2", "year": "2025"}
GROWN = "增长3"
LOGS = (("work", "reports"), ("work", "dbt"), ("work", "night"))


def forms(definitions: Definitions) -> dict[str, FormVersion]:
    kinds = ("authority", "register")
    return {f.form_code: f for f in definitions.form_versions if f.form_kind not in kinds}


def period_of(form: FormVersion) -> Period:
    return parse_period("2023" if form.form_kind == "history" else NEWEST[form.frequency])


def first_unit(definitions: Definitions, form: FormVersion) -> str:
    return next(
        unit
        for unit in sorted(definitions.units)
        if form.form_code in definitions.forms_of_unit(unit)
    )


def book(definitions: Definitions, form: FormVersion, unit: str, said: dict[str, str]) -> bytes:
    """A form of zeros whose named elements hold a text, with markers wherever there is room."""
    plan = blueprint(definitions, form)
    grid = fill(
        plan, definitions.units[unit], period_of(form), dict.fromkeys(plan.places, Decimal(0)),
        is_synthetic=True, people=PEOPLE,
    )  # fmt: skip
    rows = [[row.cells.get(n) for n in range(grid.width)] for row in grid.rows]
    remark = next(n for n, column in enumerate(plan.columns) if column.column_role == "remark")
    for cell in definitions.form_elements(form.form_code, form.form_version):
        row, column = plan.places[cell.row_code, cell.value_column]
        rows[row][remark] = f"{FIRM}，{NAME}，{PHONE}"
        rows[row][column] = said.get(cell.element_code, 0)
    shown = [[float(v) if isinstance(v, Decimal) else v for v in row] for row in rows]
    return xlsx({"报表": shown}, None)


@pytest.fixture(scope="module")
def night(small: Callable[[], Workspace]) -> Workspace:
    workspace, definitions = Workspace(small().home, has_exports=True), Definitions.load()
    for form in forms(definitions).values():
        unit = first_unit(definitions, form)
        city = definitions.units[unit].city_code
        element = definitions.form_elements(form.form_code, form.form_version)[0].element_code
        data = book(definitions, form, unit, {element: f"{NAME}{PHONE}"})
        workspace.drop(city, unit, f"{form.form_code}{NAME}{PHONE}.xlsx", data)
    unit, form, element = explained_place(definitions)
    city = definitions.units[unit].city_code
    workspace.drop(city, unit, f"{NAME}.xlsx", book(definitions, form, unit, {element: GROWN}))
    workspace.night()
    rows = workspace.run("submissions", "--unit", unit, "--json").json
    key = f"{unit}.{form.form_code}.{period_of(form).code}"
    submission = next(r["submission_id"] for r in rows if r["submission_id"].startswith(key)
                      and NAME in r["file_name"])  # fmt: skip
    words = f"{FIRM}的{NAME}（{PHONE}）来电说明本季新增三件"
    workspace.run("decide", "standing", submission, "--rule", "V20", "--until", "2026-12-31",
                  "--reason", words, "--author", STEWARD)  # fmt: skip
    workspace.night()
    return workspace


def explained_place(definitions: Definitions) -> tuple[str, FormVersion, str]:
    """A county, a form and an element that no rule of consistency speaks of."""
    spoken = {
        one.name
        for rule in Rules.load(definitions)
        if rule.rule_kind == "consistency"
        for one in (*rule.left_expression.operands, *rule.right_expression.operands)
    }
    form = forms(definitions)["IP-Q3"]
    units = [u for u in sorted(definitions.units) if "IP-Q3" in definitions.forms_of_unit(u)]
    free = [
        one.element_code
        for one in definitions.form_elements(form.form_code, form.form_version)
        if one.element_code not in spoken
    ]
    return units[1], form, free[0]


def told(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Everything that goes out: marts, Parquet, exports, reports, logs and what commands print.

    Not `findings` and `submissions`: they show the steward what was filed, as the filer's own
    answer in the outbox does.
    """
    folder = workspace.home
    for command in (
        ("coverage",), ("status",), ("releases",), ("table", "--all"),
        ("trace", "CF-H03", "--period", NEWEST["quarter"], "--full"),
    ):  # fmt: skip
        yield " ".join(command), workspace.run(*command, "--json", ends_with=None).output
    published = folder / "published/ip_marts.duckdb"
    with duckdb.connect(str(published), read_only=True) as marts:
        tables = marts.sql("select schema_name, table_name from duckdb_tables()").fetchall()
        for schema, table in tables:
            rows = marts.sql(f"select * from {schema}.{table}").fetchall()
            yield table, "\n".join(str(value) for row in rows for value in row)
    for path in sorted((folder / "releases").rglob("*.parquet")):
        rows = duckdb.sql(f"select * from read_parquet('{path}')").fetchall()
        yield path.name, "\n".join(str(value) for row in rows for value in row)
    for path in sorted(folder.rglob("*")):
        inside: tuple[str, ...] = path.relative_to(folder).parts
        is_out = inside[0] in ("published", "releases", "exports", "dagster") or inside[:2] in LOGS
        if path.is_file() and is_out:
            yield str(Path(*inside)), path.read_bytes().decode("utf-8", "replace")
        if path.suffix in (".xlsx", ".docx") and is_out:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    text = archive.read(name).decode("utf-8", "replace")
                    yield f"{Path(*inside)}!{name}", text


def test_every_form_was_read_with_its_markers(night: Workspace) -> None:
    definitions = Definitions.load()
    found = night.query("select form_code, rule_id from marts.findings where rule_id = 'V02'")
    assert {form for form, _ in found} >= set(forms(definitions))
    ledger = (night.home / "ledger.sqlite").read_bytes().decode("utf-8", "replace")
    assert all(marker in ledger for marker in SECRET)


def test_the_steward_s_words_come_out_as_their_coded_reason(night: Workspace) -> None:
    found = night.query(
        "select explanation_code, explanation_zh from marts.findings"
        " where rule_id = 'V20' and status_code = 'explained'"
    )
    assert found == [("standing", "长期情况")]


def test_no_planted_marker_stands_in_anything_that_goes_out(night: Workspace) -> None:
    kinds = {path.suffix for path in (night.home / "releases").rglob("exports/**/*")}
    assert {".xlsx", ".docx", ".html", ".csv", ".json", ".txt"} <= kinds
    leaks = {(where, marker) for where, text in told(night) for marker in SECRET if marker in text}
    assert leaks == set()
