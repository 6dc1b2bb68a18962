"""Registers through the night: second look by the guarded readers, rules, lists for the filers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from expectations.register_sums import reconcile_findings, reconcile_rules
from expectations.registers import (
    CROSS_UNIT_RULES,
    RegisterFindings,
    columns_compared,
    cross_unit_findings,
    judge_register,
)
from expectations.rules import Rules
from orchestration.progress import tell
from sources.contract import FileToParse, FormIdentity
from sources.definitions import Definitions
from sources.errors import SourceError
from sources.registers import Register, register_of, registers
from sources.submission_files import parse_many
from warehouse.connection import scratch_warehouse
from warehouse.raw_store import history_frame
from warehouse.register_counts import register_counts
from warehouse.registers import (
    headers_of,
    keys_filed_twice,
    load_register,
    register_blocks,
    replace_register_findings,
    standing_submissions,
)
from warehouse.settings import Settings

TIMEOUT_SECONDS = 900.0
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LIST_NAME = "台账问题清单.csv"
LIST_COLUMNS = ("规则", "问题", "工作表", "单元格", "列", "填报内容")
LIST_ROWS = 100_000
HIDDEN_ZH = "（涉个人或企业，不显示）"


@dataclass(frozen=True)
class RegistersRead:
    """What the second look found, by key of the file."""

    identities: Mapping[str, FormIdentity] = field(default_factory=dict)
    errors: Mapping[str, SourceError] = field(default_factory=dict)
    rows: Mapping[str, Path] = field(default_factory=dict)


def read_registers(
    files: Sequence[FileToParse],
    definitions: Definitions,
    is_synthetic: bool | None,
    folder: Path,
) -> RegistersRead:
    """The rows of register files as Parquet files in `folder`, one child process at a time.

    One at a time, so that the night's memory does not grow with the number of registers.
    """
    if not files:
        return RegistersRead()
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [
        FileToParse(file.key, file.path, file.file_name, file.expected_unit,
                    register_rows=folder / f"{place}.parquet")
        for place, file in enumerate(files)
    ]  # fmt: skip
    identities: dict[str, FormIdentity] = {}
    errors: dict[str, SourceError] = {}
    for batch in parse_many(
        wanted, definitions, is_synthetic, workers=1, timeout_seconds=TIMEOUT_SECONDS
    ):
        identities.update(batch.identities)
        errors.update(batch.errors)
        tell(f"读取：台账 {len(identities) + len(errors)}/{len(files)}")
    rows = {
        file.key: file.register_rows
        for file in wanted
        if file.key in identities and file.register_rows is not None
    }
    return RegistersRead(identities, errors, rows)


def registers_among(filed: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Those of some submissions that are registers."""
    forms = [form for form, _ in registers(definitions)]
    return filed.filter(pl.col("form_code").is_in(forms))


def judge_registers(
    connection: duckdb.DuckDBPyConnection,
    filed: pl.DataFrame,
    definitions: Definitions,
    rules: Rules,
) -> RegisterFindings:
    """Findings of some register submissions; every cell they stand for is kept in the warehouse."""
    found = RegisterFindings.nothing()
    by = ["form_code", "form_version", "period_code"]
    for (form_code, form_version, _), group in filed.group_by(by, maintain_order=True):
        register = register_of(definitions, str(form_code), str(form_version))
        if register is None:
            continue
        ids = group["submission_id"].to_list()
        blocks = register_blocks(connection, register, ids, columns_compared(register, rules))
        one = judge_register(blocks, group, headers_of(connection, ids), register, rules)
        replace_register_findings(connection, ids, one.cells)
        found = found.with_more(one)
    return found


def judge_across_units(
    connection: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    rules: Rules,
) -> tuple[pl.DataFrame, list[str]]:
    """Findings on keys that two units file, of all registers that stand, and those looked at."""
    frames: list[pl.DataFrame] = []
    looked_at: list[str] = []
    names = {unit.unit_code: unit.unit_name_zh for unit in definitions.units.values()}
    for register in registers(definitions).values():
        if not register.is_unique_across_units:
            continue
        standing = standing_submissions(connection, register.form_code)
        looked_at += standing["submission_id"].to_list()
        twice = keys_filed_twice(connection, register)
        one = cross_unit_findings(
            twice, standing, headers_of(connection, standing["submission_id"].to_list()),
            register, rules, names,
        )  # fmt: skip
        frames.append(one.findings)
        connection.register("found", one.cells.to_arrow())
        connection.execute(
            "delete from raw.register_findings where list_contains($rules, rule_id)"
            " and list_contains($ids, submission_id)",
            {"rules": list(CROSS_UNIT_RULES), "ids": standing["submission_id"].to_list()},
        )
        connection.execute("insert into raw.register_findings by name select * from found")
        connection.unregister("found")
    found = pl.concat(frames) if frames else RegisterFindings.nothing().findings
    return found, looked_at


def judge_against_forms(
    connection: duckdb.DuckDBPyConnection, definitions: Definitions, rules: Rules
) -> tuple[pl.DataFrame, list[str]]:
    """Findings where standing registers and summary forms differ, and the registers compared."""
    asked = {rule.form_code for rule in reconcile_rules(rules)}
    counted = [
        register_counts(connection, register, definitions)
        for register in registers(definitions).values()
        if register.form_code in asked
    ]
    if not counted:
        return RegisterFindings.nothing().findings, []
    figures = pl.concat(counted)
    found = reconcile_findings(figures, history_frame(connection), definitions, rules)
    return found, figures["submission_id"].unique().sort().to_list()


def forms_counted(definitions: Definitions) -> frozenset[str]:
    """Codes of the summary forms that have an element a register counts."""
    elements = definitions.table("register_derivations")["element_code"].unique()
    forms = definitions.table("form_elements").filter(
        pl.col("element_code").is_in(elements.implode())
    )
    return frozenset(forms["form_code"])


def write_lists(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    submissions: pl.DataFrame,
    definitions: Definitions,
    rules: Rules,
) -> int:
    """Number of complete lists written to the outbox, one per register with findings.

    A cell of a column 涉个人或企业 is named and not repeated; one that a spreadsheet would take for
    a formula is quoted.
    """
    written = 0
    for row in registers_among(submissions, definitions).iter_rows(named=True):
        register = register_of(definitions, row["form_code"], row["form_version"])
        name = f"{row['submission_id'].replace('/', '_')}.{LIST_NAME}"
        path = settings.outbox / row["city_code"] / row["unit_code"] / name
        if register is None:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if not _write_list(path, connection, row["submission_id"], register, rules):
            path.unlink(missing_ok=True)
            continue
        written += 1
    return written


def _write_list(
    path: Path,
    connection: duckdb.DuckDBPyConnection,
    submission_id: str,
    register: Register,
    rules: Rules,
) -> int:
    shown = [column for column in register.columns if column.is_shown]
    values = " ".join(
        f"when found.column_code = '{column.column_code}' then filed.{column.slot}"
        for column in shown
    )
    asked = connection.sql(
        f"""
        select found.rule_id, found.column_code, found.sheet, found.row_no, found.cell,
            case {values} end as value_text
        from raw.register_findings as found
        inner join raw.register_rows as filed
            on found.submission_id = filed.submission_id
            and found.sheet = filed.sheet and found.row_no = filed.row_no
        where found.submission_id = $id
        order by found.sheet, found.row_no, found.rule_id
        """,
        params={"id": submission_id},
    )
    titles = {rule.rule_id: rule.title_zh for rule in rules.of_stage("register")}
    columns = {column.column_code: column.header_zh for column in register.columns}
    hidden = [column.column_code for column in register.columns if not column.is_shown]
    lines = 0
    with path.open("wb") as handle:
        handle.write(f"\ufeff{','.join(LIST_COLUMNS)}\n".encode())
        for batch in asked.to_arrow_reader(LIST_ROWS):
            frame = pl.DataFrame(pl.from_arrow(batch))
            value = pl.when(pl.col("column_code").is_in(hidden)).then(pl.lit(HIDDEN_ZH))
            frame.select(
                "rule_id", pl.col("rule_id").replace(titles).alias("title"), _safe("sheet"),
                "cell", pl.col("column_code").replace(columns).alias("header"),
                value.otherwise(_safe("value_text")).alias("value"),
            ).write_csv(handle, include_header=False)  # fmt: skip
            lines += frame.height
    return lines


def _safe(column: str) -> pl.Expr:
    """A text that no spreadsheet runs."""
    text = pl.col(column)
    runs = text.str.slice(0, 1).is_in(_FORMULA_STARTS)
    return pl.when(runs).then(pl.lit("'") + text).otherwise(text).alias(column)


def check_registers(
    files: Sequence[FileToParse],
    definitions: Definitions,
    is_synthetic: bool | None,
    rules: Rules,
    filed: pl.DataFrame,
) -> tuple[Mapping[str, SourceError], pl.DataFrame]:
    """Refusals and findings of register files in a dry run: nothing of it is kept.

    Rights that another unit files too, and the summary forms, are not looked at: they are no part
    of the files.
    """
    with TemporaryDirectory() as folder, scratch_warehouse() as connection:
        read = read_registers(files, definitions, is_synthetic, Path(folder))
        for key, rows in read.rows.items():
            identity = read.identities[key]
            load_register(connection, key, (identity.form_code, identity.form_version), rows)
        wanted = filed.filter(pl.col("submission_id").is_in(list(read.rows)))
        return read.errors, judge_registers(connection, wanted, definitions, rules).findings
