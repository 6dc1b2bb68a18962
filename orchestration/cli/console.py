"""What the command line prints with: one console for people, JSON for programs, exit codes."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.errors import OrchestrationError
from sources.definitions import DefinitionError, Definitions
from sources.errors import SourceError
from sources.vocabulary import SEVERITY_ZH, said
from warehouse.errors import WarehouseError
from warehouse.settings import Settings

# Where nobody looks at a window (a pipe, a file, a timer's log) wording must stay in one line.
PIPED_WIDTH = 200
out = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH)
err = Console(stderr=True)

JsonFlag = Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取")]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=0, help="最多列多少条，0 为全部；默认 50，JSON 为全部")
]
OffsetOption = Annotated[int, typer.Option("--offset", min=0, help="从第几条之后列起")]
PAGE = 50
DayOption = Annotated[str | None, typer.Option("--date", help="业务日期 YYYY-MM-DD")]

P = ParamSpec("P")
R = TypeVar("R")


def tell(sentence: str, style: str = "") -> None:
    """A sentence as it is: what it names may hold brackets, and nothing in it is cut in two."""
    out.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)


def warn(sentence: str, style: str = "") -> None:
    """A sentence for the person that a program reading the output must not meet."""
    err.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)


def day_of(text: str) -> date:
    """A day as the command line takes it."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"“{text}”不是 YYYY-MM-DD 形式的日期") from error


def settings_of(day: str | None = None) -> Settings:
    """The settings in force, on a given business day when one is named."""
    return Settings.load(day=day_of(day) if day else None)


def definitions_for(settings: Settings) -> Definitions:
    """The definition tables of the workspace: its overlay, its cities."""
    return Definitions.load(settings.definitions_overlay).serving(settings.cities)


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """A known error ends the command with its own sentence and exit code 1, without a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (OrchestrationError, WarehouseError, SourceError, DefinitionError) as error:
            told = getattr(error, "message_zh", str(error))
            # What it names may hold brackets, and an id must not be broken over two lines.
            warn(told, style="red")
            raise typer.Exit(1) from error
        except Exception as error:
            full = full_disk(error)
            if full is None:
                raise
            told = f"磁盘已满或不可写（{full}）。已发布的数据不受影响；腾出空间后重新运行即可。"
            warn(told, style="red")
            raise typer.Exit(1) from error

    return run


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
# How SQLite says it, whose errors carry no number of the system's.
_FULL_IN_WORDS = ("database or disk is full", "disk I/O error", "readonly database")


def full_disk(error: BaseException | None) -> str | None:
    """What the system said when an error goes back to a disk that takes no more; else None."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return str(error)
        for words in _FULL_IN_WORDS:
            if type(error).__name__ == "OperationalError" and words in str(error):
                return words
        error = error.__cause__ or error.__context__
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


@dataclass(frozen=True)
class Page:
    """A part of a list, and what is to be said of the rest."""

    rows: list[dict[str, Any]]
    first: int
    total: int

    @classmethod
    def of(
        cls, rows: Sequence[dict[str, Any]], limit: int | None, offset: int, *, as_json: bool
    ) -> Page:
        """The rows asked for; programs get all unless they ask for fewer."""
        wanted = (0 if as_json else PAGE) if limit is None else limit
        end = offset + wanted if wanted else None
        return cls(list(rows[offset:end]), offset, len(rows))

    def tell_rest(self) -> None:
        """Says how many there are in all and how to see the others; nothing is cut silently."""
        if not self.total:
            return
        last = self.first + len(self.rows)
        if len(self.rows) == self.total:
            tell(f"共 {self.total} 条，已全部列出。")
        elif not self.rows:
            tell(f"共 {self.total} 条，第 {self.first} 条之后没有了。")
        else:
            after = f"接着看：--offset {last}；" if last < self.total else ""
            shown = f"以上为第 {self.first + 1}～{last} 条"
            tell(f"共 {self.total} 条，{shown}。{after}全部列出：--limit 0")


def print_rows(
    title: str, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], empty: str
) -> None:
    """Rows as a table under Chinese headings; `columns` maps a row's key to its heading."""
    if not rows:
        tell(empty)
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(escape(shown(row.get(key))) for key in columns))
    out.print(table)


def print_findings(rows: Sequence[Mapping[str, Any]], empty: str, first: int = 0) -> None:
    """Findings one below the other, as a clerk reads them: where, what, what to do."""
    if not rows:
        tell(empty)
        return
    for number, row in enumerate(rows, start=first + 1):
        place = " ".join(
            part
            for part in (
                row.get("file_name") or row.get("file"),
                row["sheet"] and f"工作表“{row['sheet']}”",
                row["cell"] and f"单元格 {row['cell']}",
            )
            if part
        )
        head = (
            f"{number}. 【{said(SEVERITY_ZH, row['severity_code'])}】规则 {row['rule_id']}  {place}"
        )
        tell(head, style="bold")
        told = f"   {row['message_zh']}" + (
            f"\n   建议：{row['advice_zh']}" if row["advice_zh"] else ""
        )
        if row.get("earlier_zh"):
            told += f"\n   {row['earlier_zh']}"
        tell(told)
        # A file that was only checked has no number in the ledger.
        if row.get("form_code") and "file" not in row:
            tell(f"   {row['submission_id']}", style="dim")


def print_strays(files: Sequence[str]) -> None:
    """What lies in the inbox and is never taken, and where it belongs."""
    where = "请移到 城市代码/单位代码/ 下；不知是谁报的，移到 城市代码/_unsorted/"
    for file in files:
        # A plain file in a unit's own folder would have been taken.
        is_in_place = file.count("/") == 2
        advice = "是链接或特殊文件，不跟随、不打开；请放文件本身" if is_in_place else where
        said = f"收件箱中未收取：{file}（{advice}）"
        tell(said, style="yellow")


def print_deliveries(deliveries: Iterable[Mapping[str, Any]]) -> None:
    """A line per further place that took the release, or why it did not."""
    for one in deliveries:
        if one["problem_zh"]:
            tell(f"{one['target']}：{one['problem_zh']}", style="yellow")
        elif one["is_new"]:
            tell(f"已送往 {one['target']}")


def print_placements(rows: Iterable[Mapping[str, Any]]) -> None:
    """A line per place that took an official release, or why it did not."""
    words = {"office": "本市内部", "public": "对外公开"}
    for one in rows:
        audience = words.get(one["audience"], "")
        name = f"正式发布 {one['release_id']}（{audience}）：" if audience else ""
        if one["problem_zh"]:
            said = f"{name}{one['problem_zh']}"
            tell(said, style="yellow")
        elif one["is_new"]:
            tell(f"{name}{one['folder']}")


def print_channels(reports: Sequence[Mapping[str, Any]]) -> None:
    """One line per channel of the night, what is odd below it; one that is down stands out."""
    for report in reports:
        said = f"渠道 {report['label']}：取回 {report['files']} 个文件"
        if report["problem_zh"]:
            said += f"；{report['problem_zh']}"
        style = "yellow" if report["problem_zh"] else ""
        tell(said, style=style)
        for note in report["notes"]:
            tell(f"  {note}", style="yellow")


def print_exports(exports: Mapping[str, Any]) -> None:
    """What was written beside the release; a part that failed stands out and is tried again."""
    if exports["files"]:
        tell(f"导出 {exports['files']} 个文件，用时 {exports['seconds']:.1f} 秒")
    of_cities = exports.get("city_files") or {}
    if of_cities.get("written"):
        tell(f"分城市文件 {of_cities['written']} 份，用时 {of_cities['seconds']:.1f} 秒")
    if of_cities.get("left_zh"):
        tell(of_cities["left_zh"], style="yellow")
    thinned = (exports.get("thinned") or {}).get("releases", ())
    if thinned:
        tell(f"精简较早的发布 {len(thinned)} 个，清单和指标定义留存")
    for one in exports["failed"]:
        said = f"导出未成：{one['part']}（{one['problem_zh']}）；发布不受影响，下一夜再试"
        tell(said, style="yellow")
    notices = exports.get("notices") or {"sent": 0, "failed": []}
    if notices["sent"]:
        tell(f"发出通报 {notices['sent']} 份")
    for one in notices["failed"]:
        said = f"通报未发出：{one['part']}（{one['problem_zh']}）；下一夜再试"
        tell(said, style="yellow")


def print_read(row: Mapping[str, Any]) -> None:
    """What was read of one form of a file, and how it compares with what was filed before."""
    said = (
        f"{row['file']}：{row['form_zh'] or row['form_code']} {row['unit_code']}"
        f" {row['period_code']}，单元格 {row['cells_read']} 个"
    )
    if row["entries"]:
        said += f"，指标 {row['entries']} 项，其中有数 {row['figures']} 项"
    if row["file_sha256"]:
        said += f"，文件指纹 {row['file_sha256'][:12]}"
    tell(said)
    if row["against_zh"]:
        tell(f"与已报的上一版相比：{row['against_zh']}")


def shown(value: Any) -> str:
    """A value as a reader expects it: nothing for null, 是/否, minutes for moments."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
