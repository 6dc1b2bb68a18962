"""What a cell of a register must look like, column by column, as Polars expressions.

Every column becomes two: its text in normal form (as filed where it has none) and the code of what
is wrong with it, null when nothing is. A blank is an issue only where the column is required.
"""

from __future__ import annotations

import polars as pl
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from sources.marks import ReadingMarks
from sources.registers.definition import Register, RegisterColumn

_LONGEST_WORD = 9
"""Bytes of a word that may be a missing mark; drawn-out marks are told by their first sign."""
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_NUMBER = (
    r"^(?:(?P<new>(?:19|20)[0-9]{2}[12389][0-9]{7})\.?(?P<new_check>[0-9X])"
    r"|(?P<old>[0-9]{2}[123][0-9]{5})\.?(?P<old_check>[0-9X])"
    r"|(?P<oldest>8[5-8][123][0-9]{5}))$"
)
_AMOUNT = r"^-?[0-9]+(\.[0-9]+)?$"
_TRADEMARK = r"^G?[0-9]{1,8}[A-Z]{0,2}$"
_EXCEL_EPOCH = pl.lit("1899-12-30").str.to_date()


def typed(frame: pl.DataFrame, register: Register, marks: ReadingMarks) -> pl.DataFrame:
    """The rows with every slot in normal form and a column `<column_code>` of its issue.

    Args:
        frame: the slots of the register as text, null for what the file has no column for.
        register: the columns.
        marks: the declared missing marks.
    """
    slots: list[pl.Series] = []
    issues: list[pl.Series] = []
    for column in register.columns:
        value, issue = _judged(_without_marks(frame[column.slot], column, marks), column)
        slots.append(value.alias(column.slot))
        issues.append(issue.alias(column.column_code))
    return pl.DataFrame([*slots, *issues])


def issues_text(register: Register) -> pl.Expr:
    """What is wrong with a row in one text, `column=issue|column=issue`; null for a clean row."""
    parts = [
        pl.when(pl.col(column.column_code).is_not_null()).then(
            pl.lit(f"{column.column_code}=") + pl.col(column.column_code)
        )
        for column in register.columns
    ]
    joined = pl.concat_str(parts, separator="|", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _without_marks(text: pl.Series, column: RegisterColumn, marks: ReadingMarks) -> pl.Series:
    """The texts without blanks at their ends; null for a blank or a missing mark.

    A mark that the column declares as a choice (无 of a flag) says what the choice says.
    """
    plain = text.str.strip_chars()
    short = (plain.str.len_bytes() <= _LONGEST_WORD) & ~plain.str.contains(r"^[0-9]")
    suspects = plain.filter(short | ~plain.str.contains(r"^[\p{L}\p{N}]")).unique().drop_nulls()
    missing = [
        one for one in suspects if not one or (marks.is_missing(one) and one not in column.choices)
    ]
    if not missing:
        return plain
    frame = pl.DataFrame({"text": plain})
    return frame.select(pl.when(~pl.col("text").is_in(missing)).then("text"))["text"]


def _judged(text: pl.Series, column: RegisterColumn) -> tuple[pl.Series, pl.Series]:
    """Normal form (the text as filed where there is none) and issue of one column.

    Days, kinds and firms repeat: each different text is looked at once.
    """
    if column.data_type == "text":
        value, problem = text, pl.Series([None], dtype=pl.String).new_from_index(0, len(text))
    else:
        different = text.drop_nulls().unique()
        seen = different if len(different) * 2 < len(text) else text
        known = pl.DataFrame({"text": seen}).with_columns(plain=_folded(seen))
        known = _by_type(known, column)
        if seen is not text:
            known = pl.DataFrame({"text": text}).join(
                known, on="text", how="left", maintain_order="left"
            )
        value, problem = known["value"], known["issue"]
    judged = pl.DataFrame({"text": text, "value": value, "issue": problem})
    blank = pl.lit("blank") if column.is_required else pl.lit(None, pl.String)
    judged = judged.select(
        pl.coalesce("value", "text").alias("value"),
        pl.when(pl.col("text").is_null()).then(blank).otherwise("issue").alias("issue"),
    )
    return judged["value"], judged["issue"]


def _by_type(known: pl.DataFrame, column: RegisterColumn) -> pl.DataFrame:
    """Adds `value` and `issue` to texts that stand in `text` and, folded, in `plain`."""
    plain = pl.col("plain")
    match column.data_type:
        case "date":
            known = known.with_columns(value=_date(plain))
            return known.with_columns(
                issue=pl.when(pl.col("value").is_null()).then(pl.lit("not_a_date"))
            )
        case "amount":
            value, issue = _amount(plain)
            return known.with_columns(value=value, issue=issue)
        case "code" | "flag":
            value = plain.replace_strict(
                list(column.choices), list(column.choices.values()),
                default=None, return_dtype=pl.String,
            )  # fmt: skip
            return known.with_columns(value=value).with_columns(
                issue=pl.when(pl.col("value").is_null()).then(pl.lit("unknown_code"))
            )
        case "patent_number":
            return _patent_number(known)
        case "credit_code":
            issues = [None if code is None else _credit_issue(code) for code in known["plain"]]
            return known.with_columns(value=plain, issue=pl.Series(issues, dtype=pl.String))
        case _:
            issue = pl.when(~plain.str.contains(_TRADEMARK)).then(pl.lit("format"))
            return known.with_columns(value=plain, issue=issue)


def _folded(text: pl.Series) -> pl.Series:
    """Half-width, upper case, without blanks."""
    if (text.str.len_bytes() != text.str.len_chars()).any():
        text = text.str.normalize("NFKC")
    if text.str.contains(" ", literal=True).any():
        text = text.str.replace_all(r"\s+", "")
    return text.str.to_uppercase()


def _date(plain: pl.Expr) -> pl.Expr:
    """ISO text of a day written with dashes, slashes, dots, 年月日, eight digits or as a serial."""
    marked = plain.str.replace_all(r"[年月/.]", "-").str.strip_suffix("日").str.strip_suffix("-")
    serial = plain.str.extract(r"^([2-5][0-9]{4})$").cast(pl.Int32, strict=False)
    day = pl.coalesce(
        marked.str.to_date("%Y-%m-%d", strict=False),
        pl.when(plain.str.contains(r"^(19|20)[0-9]{6}$")).then(
            plain.str.to_date("%Y%m%d", strict=False)
        ),
        _EXCEL_EPOCH + pl.duration(days=serial),
    )
    return pl.when(day.dt.year().is_between(1949, 2099)).then(day.dt.strftime("%Y-%m-%d"))


def _amount(text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    plain = text.str.replace_all(",", "", literal=True)
    is_number = plain.str.contains(_AMOUNT)
    value = pl.when(is_number).then(plain)
    issue = (
        pl.when(~is_number)
        .then(pl.lit("not_a_number"))
        .when(plain.str.starts_with("-"))
        .then(pl.lit("negative"))
    )
    return value, issue


def _patent_number(known: pl.DataFrame) -> pl.DataFrame:
    """The number with its point, without ZL; weights 2 to 9 then 2 to 5 modulo 11, 10 being X."""
    parts = known.with_columns(
        pl.col("plain").str.strip_prefix("ZL").str.strip_prefix("CN")
        .str.extract_groups(_NUMBER).struct.unnest()
    )  # fmt: skip
    parts = parts.with_columns(
        digits=pl.coalesce("new", "old"),
        check=pl.coalesce("new_check", "old_check"),
    )
    parts = parts.with_columns(number=pl.col("digits").cast(pl.Int64))
    expected = pl.when(pl.col("new").is_not_null()).then(_remainder(12)).otherwise(_remainder(8))
    printed = pl.when(pl.col("check") == "X").then(10).otherwise(
        pl.col("check").cast(pl.Int64, strict=False)
    )  # fmt: skip
    return parts.with_columns(
        value=pl.coalesce(pl.col("digits") + "." + pl.col("check"), "oldest"),
        issue=pl.when(pl.col("digits").is_null() & pl.col("oldest").is_null())
        .then(pl.lit("format"))
        .when(expected != printed)
        .then(pl.lit("check_digit")),
    ).select("text", "plain", "value", "issue")


def _remainder(length: int) -> pl.Expr:
    """The check digit of the first digits of `number`."""
    total = pl.lit(0, pl.Int64)
    for place, weight in enumerate(_WEIGHTS[:length]):
        total = total + (pl.col("number") // 10 ** (length - 1 - place)) % 10 * weight
    return total % 11


def _credit_issue(code: str) -> str | None:
    try:
        uscc.validate(code)
    except ValidationError as error:
        return "check_digit" if type(error).__name__ == "InvalidChecksum" else "format"
    return None
