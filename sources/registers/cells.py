"""What a cell of a register must look like, column by column, as Polars expressions.

Every column becomes two: its text in normal form (as filed where it has none) and the code of what
is wrong with it, null when nothing is. A blank is an issue only where the column is required.
"""

from __future__ import annotations

import polars as pl
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from sources.registers.definition import Register, RegisterColumn

MISSING_MARKS = ("", "-", "—", "——", "/", "…", "无")
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_NEW_NUMBER = r"^((?:19|20)[0-9]{2}[12389][0-9]{7})\.?([0-9X])$"
_OLD_NUMBER = r"^([0-9]{2}[123][0-9]{5})\.?([0-9X])$"
_OLDEST_NUMBER = r"^8[5-8][123][0-9]{5}$"
_AMOUNT = r"^-?[0-9]+(\.[0-9]+)?$"
_TRADEMARK = r"^G?[0-9]{1,8}[A-Z]{0,2}$"
_EXCEL_EPOCH = pl.lit("1899-12-30").str.to_date()


def typed(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """The rows with every slot in normal form and a column `<column_code>` of its issue.

    Args:
        frame: the slots of the register as text, null for what the file has no column for.
        register: the columns.
    """
    frame = frame.with_columns(
        _stripped(pl.col(column.slot)).alias(column.slot) for column in register.columns
    )
    pairs = [_judged(frame, column) for column in register.columns]
    normal = frame.with_columns(
        pl.coalesce(value, pl.col(column.slot)).alias(column.slot)
        for column, (value, _) in zip(register.columns, pairs, strict=True)
    )
    issues = frame.select(
        issue.alias(column.column_code)
        for column, (_, issue) in zip(register.columns, pairs, strict=True)
    )
    return normal.hstack(issues)


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


def _stripped(text: pl.Expr) -> pl.Expr:
    plain = text.str.strip_chars()
    return pl.when(~plain.is_in(MISSING_MARKS)).then(plain)


def _judged(frame: pl.DataFrame, column: RegisterColumn) -> tuple[pl.Expr, pl.Expr]:
    """Normal form and issue of one column."""
    text = pl.col(column.slot)
    value, problem = _by_type(frame, column, text)
    blank = pl.lit("blank") if column.is_required else pl.lit(None, pl.String)
    return value, pl.when(text.is_null()).then(blank).otherwise(problem)


def _by_type(frame: pl.DataFrame, column: RegisterColumn, text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    match column.data_type:
        case "date":
            value = _date(text)
            return value, pl.when(value.is_null()).then(pl.lit("not_a_date"))
        case "amount":
            return _amount(text)
        case "code" | "flag":
            folded = _folded(text)
            value = folded.replace_strict(
                list(column.choices), list(column.choices.values()),
                default=None, return_dtype=pl.String,
            )  # fmt: skip
            return value, pl.when(value.is_null()).then(pl.lit("unknown_code"))
        case "patent_number":
            return _patent_number(text)
        case "credit_code":
            return _credit_code(frame, column)
        case "trademark_number":
            value = _folded(text)
            return value, pl.when(~value.str.contains(_TRADEMARK)).then(pl.lit("format"))
        case _:
            return text, pl.lit(None, pl.String)


def _folded(text: pl.Expr) -> pl.Expr:
    """Half-width, upper case, without blanks."""
    return text.str.normalize("NFKC").str.to_uppercase().str.replace_all(r"\s+", "")


def _date(text: pl.Expr) -> pl.Expr:
    """ISO text of a day written with dashes, slashes, dots, 年月日, eight digits or as a serial."""
    plain = _folded(text)
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
    plain = _folded(text).str.replace_all(",", "", literal=True)
    is_number = plain.str.contains(_AMOUNT)
    value = pl.when(is_number).then(plain)
    issue = (
        pl.when(~is_number)
        .then(pl.lit("not_a_number"))
        .when(plain.str.starts_with("-"))
        .then(pl.lit("negative"))
    )
    return value, issue


def _patent_number(text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """The number with its point, without ZL; weights 2 to 9 then 2 to 5 modulo 11, 10 being X."""
    plain = _folded(text).str.replace(r"^(ZL|CN)", "")
    new, old = plain.str.extract(_NEW_NUMBER, 1), plain.str.extract(_OLD_NUMBER, 1)
    digits = pl.coalesce(new, old)
    check = pl.coalesce(plain.str.extract(_NEW_NUMBER, 2), plain.str.extract(_OLD_NUMBER, 2))
    oldest = plain.str.extract(f"({_OLDEST_NUMBER})", 1)
    expected = pl.when(new.is_not_null()).then(_remainder(new, 12)).otherwise(_remainder(old, 8))
    printed = pl.when(check == "X").then(10).otherwise(check.cast(pl.Int64, strict=False))
    value = pl.coalesce(digits + "." + check, oldest)
    issue = (
        pl.when(value.is_null())
        .then(pl.lit("format"))
        .when(check.is_not_null() & (expected != printed))
        .then(pl.lit("check_digit"))
    )
    return value, issue


def _remainder(digits: pl.Expr, length: int) -> pl.Expr:
    number = digits.cast(pl.Int64, strict=False)
    total = pl.lit(0, pl.Int64)
    for place, weight in enumerate(_WEIGHTS[:length]):
        total = total + (number // 10 ** (length - 1 - place)) % 10 * weight
    return total % 11


def _credit_code(frame: pl.DataFrame, column: RegisterColumn) -> tuple[pl.Expr, pl.Expr]:
    """Each different code is asked of python-stdnum once; a firm pledges more than one patent."""
    value = _folded(pl.col(column.slot))
    known = frame.select(value.alias("code"))["code"].drop_nulls().unique()
    issues = {code: _credit_issue(code) for code in known}
    wrong = {code: issue for code, issue in issues.items() if issue is not None}
    if not wrong:
        return value, pl.lit(None, pl.String)
    issue = value.replace_strict(
        list(wrong), list(wrong.values()), default=None, return_dtype=pl.String
    )
    return value, issue


def _credit_issue(code: str) -> str | None:
    try:
        uscc.validate(code)
    except ValidationError as error:
        return "check_digit" if type(error).__name__ == "InvalidChecksum" else "format"
    return None
