"""Rules on registers: a million rows judged by their patterns, every failing cell named.

Rows that have the same issues and the same signs are alike to every rule. So Great Expectations is
asked once per pattern, of which there are some hundreds, and each row has the verdict of its
pattern: no row is left out, and half a million bad ones cost the engine nothing. A finding stands
for one rule and column of one submission; `cells` holds every cell it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from expectations.engine import failing_rows
from expectations.findings import FINDINGS_SCHEMA, finding_id
from expectations.register_facts import columns_of, sign
from expectations.rule_words import PLACEHOLDERS
from expectations.rules import Rule, Rules
from expectations.suites.checks import Check, bounds
from sources.periods import parse_period
from sources.readers.grid import column_letters
from sources.registers import Register

NAMED_CELLS = 10
"""Cells that a finding names itself; the complete list lies in the outbox."""
CROSS_UNIT_RULES = ("R21",)
ISSUE = "issue_code"
UNREAD = (
    "format", "unknown_code", "not_a_date", "not_a_number", "percent_format", "error_value",
    "uncached_formula",
)  # fmt: skip
"""Issues under which a cell keeps the text as filed, because it has no normal form."""

CELLS_SCHEMA: dict[str, pl.DataType] = {
    "submission_id": pl.String(),
    "rule_id": pl.String(),
    "column_code": pl.String(),
    "sheet": pl.String(),
    "row_no": pl.Int32(),
    "cell": pl.String(),
}
EVALUATED_SCHEMA: dict[str, pl.DataType] = {
    "rule_id": pl.String(), "form_code": pl.String(), "evaluated": pl.Int64(),
    "failed": pl.Int64(), "not_evaluated": pl.Int64(),
}  # fmt: skip


@dataclass(frozen=True)
class RegisterFindings:
    """What the rules say of some registers.

    Attributes:
        findings: FINDINGS_SCHEMA, one row per submission, rule and column.
        cells: CELLS_SCHEMA, every cell found.
        evaluated: per rule and form rows judged, failed and not judged.
    """

    findings: pl.DataFrame
    cells: pl.DataFrame
    evaluated: pl.DataFrame

    @classmethod
    def nothing(cls) -> RegisterFindings:
        """No registers."""
        return cls(
            pl.DataFrame(schema=FINDINGS_SCHEMA), pl.DataFrame(schema=CELLS_SCHEMA),
            pl.DataFrame(schema=EVALUATED_SCHEMA),
        )  # fmt: skip

    def with_more(self, other: RegisterFindings) -> RegisterFindings:
        """Both; the cells are kept in the warehouse and not gathered here."""
        return RegisterFindings(
            pl.concat([self.findings, other.findings]), self.cells,
            pl.concat([self.evaluated, other.evaluated]),
        )  # fmt: skip


def rules_of(register: Register, rules: Rules) -> list[Rule]:
    """The rules asked of single rows of a register, whatever the period."""
    return [
        rule
        for rule in rules.of_stage("register")
        if rule.form_code in (None, register.form_code)
        and rule.rule_kind == "register"
        and rule.rule_id not in CROSS_UNIT_RULES
    ]


def columns_compared(register: Register, rules: Rules) -> set[str]:
    """Columns that rules compare; of the others only the issues are looked at."""
    return {name for rule in rules_of(register, rules) for name in columns_of(rule, register)}


def judge_register(
    blocks: Iterable[pl.DataFrame],
    submissions: pl.DataFrame,
    headers: pl.DataFrame,
    register: Register,
    rules: Rules,
) -> RegisterFindings:
    """Findings of the register submissions of one period.

    Args:
        blocks: rows with submission_id, sheet, row_no, issues and the compared columns by code.
        submissions: submission_id, unit_code, form_code, period_code; one period.
        headers: submission_id, sheet, column_code, column_no.
        register: the register.
        rules: the registry.
    """
    period = parse_period(submissions["period_code"][0])
    asked = [rule for rule in rules_of(register, rules) if rule.valid_on(period.start)]
    by_row = [rule for rule in asked if rule.operator != "not_in"]
    by_cell = [rule for rule in asked if rule.operator == "not_in"]
    signs = [sign(rule, register, period).alias(rule.rule_id) for rule in by_row]
    seen = _Patterns([rule.rule_id for rule in by_row])
    for block in blocks:
        compared = (name for name in block.columns if name in register.by_code)
        readable = block.with_columns(_readable(name) for name in compared)
        seen.take(readable.select("submission_id", "sheet", "row_no", "issues", *signs))
    verdicts = _verdicts(seen, by_row, by_cell)
    cells = _placed(seen.rows().join(verdicts, on="pattern"), headers)
    evaluated = _evaluated(seen, asked, cells, register)
    return RegisterFindings(_findings(cells, submissions, register, rules), cells, evaluated)


def _readable(column: str) -> pl.Expr:
    """The column without the texts that are not what they should be: nothing compares with them."""
    is_unread = pl.col("issues").str.contains(rf"(^|\|){column}=({'|'.join(UNREAD)})")
    return pl.when(~is_unread.fill_null(value=False)).then(column).alias(column)


class _Patterns:
    """Every different row seen, how often, and which row is which."""

    def __init__(self, signs: list[str]) -> None:
        self._keys = ["issues", *signs]
        self._known = pl.DataFrame(
            schema={"issues": pl.String, **dict.fromkeys(signs, pl.Int8), "pattern": pl.UInt32}
        )
        self._rows: list[pl.DataFrame] = []
        self._counts: dict[int, int] = {}

    def take(self, facts: pl.DataFrame) -> None:
        """Files one block of rows under their patterns."""
        counted = facts.group_by(self._keys).len()
        fresh = counted.join(self._known, on=self._keys, how="anti", nulls_equal=True)
        start = self._known.height
        self._known = pl.concat([
            self._known,
            fresh.select(self._keys).with_columns(
                pattern=pl.int_range(start, start + fresh.height, dtype=pl.UInt32)
            ),
        ])  # fmt: skip
        placed = facts.join(self._known, on=self._keys, nulls_equal=True)
        for pattern, count in placed.group_by("pattern").len().iter_rows():
            self._counts[pattern] = self._counts.get(pattern, 0) + count
        self._rows.append(
            placed.select(
                pl.col("submission_id", "sheet").cast(pl.Categorical), "row_no", "pattern"
            )
        )

    @property
    def patterns(self) -> pl.DataFrame:
        """One row per pattern with its `count`."""
        counts = pl.DataFrame(
            {"pattern": list(self._counts), "count": list(self._counts.values())},
            schema={"pattern": pl.UInt32, "count": pl.Int64},
        )
        return self._known.join(counts, on="pattern").sort("pattern")

    def rows(self) -> pl.DataFrame:
        """Every row and its pattern."""
        schema = {"submission_id": pl.Categorical, "sheet": pl.Categorical,
                  "row_no": pl.Int32, "pattern": pl.UInt32}  # fmt: skip
        return pl.concat(self._rows) if self._rows else pl.DataFrame(schema=schema)


def _verdicts(seen: _Patterns, by_row: list[Rule], by_cell: list[Rule]) -> pl.DataFrame:
    """pattern, rule_id, column_code: what the engine holds against each pattern."""
    patterns = seen.patterns
    issues = (
        patterns.select("pattern", pl.col("issues").str.split("|").alias("issue"))
        .explode("issue", empty_as_null=True)
        .drop_nulls("issue")
        .with_columns(
            pl.col("issue").str.split_exact("=", 1).struct.rename_fields(["column_code", ISSUE])
        )
        .unnest("issue")
    )
    distinct = issues.select(ISSUE).unique(maintain_order=True)
    names = [rule.rule_id for rule in by_row]
    frame = pl.concat([distinct, patterns.select(pl.col(names).cast(pl.Float64))], how="diagonal")
    checks = [
        Check(rule, "not_in", ISSUE, values=tuple(rule.right.split("|")), evaluated=distinct.height)
        for rule in by_cell
    ]
    for rule in by_row:
        # only_where and = have no order: 1 is a failure, 0 is none.
        operator = rule.operator if rule.operator in ("<=", ">=", "<", ">") else "="
        low, high, is_strict = bounds(operator, 0.0, 0.0)
        judged = frame[rule.rule_id].drop_nulls().len()
        checks.append(Check(rule, "between", rule.rule_id, minimum=low, maximum=high,
                            is_strict=is_strict, evaluated=judged))  # fmt: skip
    failing = failing_rows(frame, checks)
    found = [pl.DataFrame(schema={"pattern": pl.UInt32, "rule_id": pl.String,
                                  "column_code": pl.String})]  # fmt: skip
    offset = distinct.height
    for rule in by_cell:
        bad = [distinct[ISSUE][position] for position in failing.get(rule.key, [])]
        found.append(issues.filter(pl.col(ISSUE).is_in(bad)).select(
            "pattern", pl.lit(rule.rule_id).alias("rule_id"), "column_code"
        ))  # fmt: skip
    for rule in by_row:
        places = [position - offset for position in failing.get(rule.key, [])]
        found.append(patterns[places].select(
            "pattern", pl.lit(rule.rule_id).alias("rule_id"), pl.lit(rule.left).alias("column_code")
        ))  # fmt: skip
    return pl.concat(found)


def _placed(rows: pl.DataFrame, headers: pl.DataFrame) -> pl.DataFrame:
    """The rows found, with the address of the cell; the key's where the file lacks the column."""
    letters = headers.with_columns(
        pl.col("submission_id", "sheet").cast(pl.Categorical),
        letters=pl.col("column_no").map_elements(column_letters, return_dtype=pl.String),
    ).drop("column_no")
    return (
        rows.join(letters, on=["submission_id", "sheet", "column_code"], how="left")
        .select(
            "submission_id", "rule_id", "column_code", "sheet", "row_no",
            cell=pl.col("letters").fill_null("A") + pl.col("row_no").cast(pl.String),
        )
        .cast({"submission_id": pl.String, "sheet": pl.String})
    )  # fmt: skip


def _findings(
    cells: pl.DataFrame,
    submissions: pl.DataFrame,
    register: Register,
    rules: Rules,
    others: Mapping[tuple[str, str], str] | None = None,
) -> pl.DataFrame:
    """One finding per submission, rule and column: how many rows, and the first cells by name."""
    about = {row["submission_id"]: row for row in submissions.iter_rows(named=True)}
    grouped = (
        cells.group_by("submission_id", "rule_id", "column_code")
        .agg(
            pl.col("row_no").n_unique().alias("count"),
            pl.col("cell").sort_by("row_no").head(NAMED_CELLS).alias("named"),
            pl.col("sheet").sort_by("row_no").first().alias("sheet"),
        )
        .sort("submission_id", "rule_id", "column_code")
    )
    rows = []
    for submission_id, rule_id, column_code, count, named, sheet in grouped.iter_rows():
        filed, column = about[submission_id], register.by_code[column_code]
        rule = rules.get(rule_id, parse_period(filed["period_code"]).start)
        first = list(dict.fromkeys(named))
        more = "等" if count > len(first) else ""
        facts = dict.fromkeys(PLACEHOLDERS, "") | {
            "item": column.header_zh, "value": str(count), "sheet": sheet,
            "cell": "、".join(first) + more,
            "expected": (others or {}).get((submission_id, rule_id), ""),
        }  # fmt: skip
        rows.append({
            "finding_id": finding_id(submission_id, rule_id, None, None, column_code),
            "rule_id": rule_id,
            "rule_version": rule.rule_version,
            "severity_code": rule.severity_code,
            "submission_id": submission_id,
            "unit_code": filed["unit_code"],
            "form_code": register.form_code,
            "period_code": filed["period_code"],
            "sheet": sheet,
            "cell": first[0],
            "element_code": None,
            # How many rows; what stands in them is nobody's business but the filer's.
            "value_text": str(count),
            "expected_text": "0",
            "message_zh": rule.message_zh.format_map(facts),
            "advice_zh": rule.advice_zh.format_map(facts),
        })  # fmt: skip
    return pl.DataFrame(rows, schema=FINDINGS_SCHEMA)


def _evaluated(
    seen: _Patterns, asked: list[Rule], cells: pl.DataFrame, register: Register
) -> pl.DataFrame:
    patterns = seen.patterns
    total = int(patterns["count"].sum())
    failed = dict(cells.group_by("rule_id").agg(pl.col("row_no").len()).iter_rows())
    rows = []
    for rule in asked:
        judged = total
        if rule.operator != "not_in":
            judged = int(patterns.filter(pl.col(rule.rule_id).is_not_null())["count"].sum())
        rows.append((rule.rule_id, register.form_code, judged, failed.get(rule.rule_id, 0),
                     total - judged))  # fmt: skip
    return pl.DataFrame(rows, schema=EVALUATED_SCHEMA, orient="row")


def cross_unit_findings(
    twice: pl.DataFrame,
    submissions: pl.DataFrame,
    headers: pl.DataFrame,
    register: Register,
    rules: Rules,
    names: Mapping[str, str],
) -> RegisterFindings:
    """Findings on rights that two units file, one for each of them.

    Args:
        twice: submission_id, sheet, row_no, other_unit_code.
        submissions: the standing submissions of the register.
        headers: submission_id, sheet, column_code, column_no.
        register: the register.
        rules: the registry.
        names: Chinese names of units by code.
    """
    if twice.is_empty():
        return RegisterFindings.nothing()
    rule_id = CROSS_UNIT_RULES[0]
    rows = twice.select("submission_id", "sheet", "row_no").unique().select(
        pl.lit(rule_id).alias("rule_id"), pl.lit(register.key_column).alias("column_code"),
        pl.col("submission_id", "sheet").cast(pl.Categorical), "row_no",
    )  # fmt: skip
    others = {
        (submission_id, rule_id): "、".join(names.get(code, code) for code in sorted(codes))
        for submission_id, codes in twice.group_by("submission_id")
        .agg(pl.col("other_unit_code").unique())
        .iter_rows()
    }
    cells = _placed(rows, headers)
    found = _findings(cells, submissions, register, rules, others)
    return RegisterFindings(found, cells, pl.DataFrame(schema=EVALUATED_SCHEMA))
