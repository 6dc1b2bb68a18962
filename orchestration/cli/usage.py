"""Help and usage errors in Chinese: what typer says of a command, said as the rest is said."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer
from rapidfuzz import process
from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer import rich_utils
from typer.core import TyperGroup
from typer.exceptions import TyperException


# Chinese has no spaces, so rich takes a sentence for one word and cuts it where the column ends.
class _FoldingTable(Table):
    """A table of help whose sentences go on in the next line."""

    def add_row(self, *args: Any, **options: Any) -> None:
        super().add_row(*args, **options)
        for column in self.columns:
            column.overflow = "fold"


def _folding_columns(items: list[Any]) -> Columns:
    for item in items:
        if isinstance(item, Text):
            item.overflow = "fold"
    return Columns(items)


# They are what typer lays its help out with; it has no setting for this.
vars(rich_utils).update(Table=_FoldingTable, Columns=_folding_columns)
rich_utils.ARGUMENTS_PANEL_TITLE = "参数"
rich_utils.OPTIONS_PANEL_TITLE = "选项"
rich_utils.COMMANDS_PANEL_TITLE = "命令"
rich_utils.REQUIRED_LONG_STRING = "[必填]"
rich_utils.DEFAULT_STRING = "[默认：{}]"

_NEAR_ENOUGH = 60.0
_USAGE = {"Usage: ": "用法：", "[OPTIONS]": "[选项]", "COMMAND [ARGS]...": "命令 [参数]..."}
_HELP_ZH = "显示本说明"
_SENTENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), said)
    for pattern, said in (
        (r"No such command '(.*?)'\..*", "没有“{0}”这个命令"),
        (r"No such option: (\S+)", "没有 {0} 这个选项"),
        (r"Missing command\.", "没有写命令"),
        (r"Got unexpected extra arguments?\W*\(?s?\)? \((.*)\)", "多出了参数：{0}"),
        (r"Option '(.*)' does not take a value\.", "选项 {0} 后面不能写值"),
        (r"Option '(.*)' requires an argument\.?", "选项 {0} 后面要写值"),
        (r"\w+ '(.*)' does not exist\.", "“{0}”不存在"),
        (r"\w+ '(.*)' is a directory\.", "“{0}”是目录，应写文件"),
        (r"\w+ '(.*)' is a file\.", "“{0}”是文件，应写目录"),
        (r"\w+ '(.*)' is not readable\.", "“{0}”不能读取"),
        (r"Input should be a valid integer.*", "应为整数"),
        (r"Input should be a valid (?:number|decimal).*", "应为数"),
        (r"Input should be greater than or equal to (\S+)", "应不小于 {0}"),
        (r"Input should be less than or equal to (\S+)", "应不大于 {0}"),
    )
)


class ChineseGroup(TyperGroup):
    """The command line, whose usage errors are Chinese sentences; exit code 2 as before."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs a command; usage errors end it with a sentence on standard error."""
        _speak_chinese(self)

        def run() -> Any:
            return super(ChineseGroup, self).main(
                args, prog_name, complete_var, False, windows_expand_args, **extra
            )

        return _told(run) if standalone_mode else run()


def _speak_chinese(command: Any) -> None:
    """Gives a command and all below it a Chinese line of usage and a Chinese `--help`."""
    usage_of, help_option_of = command.get_usage, command.get_help_option
    if getattr(usage_of, "is_chinese", False):
        return

    def get_usage(context: Any) -> str:
        said = str(usage_of(context))
        for english, chinese in _USAGE.items():
            said = said.replace(english, chinese)
        return said

    def get_help_option(context: Any) -> Any:
        option = help_option_of(context)
        if option is not None:
            option.help = _HELP_ZH
        return option

    get_usage.is_chinese = True  # type: ignore[attr-defined]
    command.get_usage, command.get_help_option = get_usage, get_help_option
    for below in getattr(command, "commands", {}).values():
        _speak_chinese(below)


def _told(run: Callable[[], Any]) -> None:
    console = Console(stderr=True)
    try:
        code = run()
    except typer.Abort:
        console.print("已中止。", style="red")
        sys.exit(1)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(error.format_message() + "\n")
            sys.exit(2)
        console.print(
            f"{usage_error_zh(error)}。", style="red", markup=False, highlight=False, soft_wrap=True
        )
        if context is not None:
            hint = f"用法见 {context.command_path} --help"
            console.print(hint, markup=False, highlight=False, soft_wrap=True)
        sys.exit(getattr(error, "exit_code", 1))
    sys.exit(code if isinstance(code, int) else 0)


def usage_error_zh(error: TyperException) -> str:
    """One Chinese sentence for what is wrong on a command line."""
    name = _name_of(getattr(error, "param", None))
    if hasattr(error, "param_type"):
        return f"缺少{name}"
    message = str(getattr(error, "message", "") or error.format_message()).strip()
    said = next(
        (words.format(*match.groups()) for pattern, words in _SENTENCES
         if (match := pattern.fullmatch(message))),
        message,
    )  # fmt: skip
    if name:
        said = f"{name} 有误：{said}"
    return said.rstrip("。") + _near(error, message)


def _name_of(param: Any) -> str:
    if param is None:
        return ""
    if param.param_type_name == "option":
        return f"选项 {max(param.opts, key=len)}"
    help_text = getattr(param, "help", None)
    return f"参数 {param.display_name_raw.upper()}" + (f"（{help_text}）" if help_text else "")


def _near(error: TyperException, message: str) -> str:
    """The option or command that was probably meant."""
    context = getattr(error, "ctx", None)
    if context is None:
        return ""
    wanted = getattr(error, "option_name", None)
    if wanted and message.startswith("No such option"):
        known = [name for one in context.command.params for name in one.opts]
    elif match := re.fullmatch(r"No such command '(.*?)'\..*", message):
        wanted, known = match[1], list(context.command.commands)
    else:
        return ""
    found = process.extractOne(wanted, known, score_cutoff=_NEAR_ENOUGH)
    return f"，是不是 {found[0]}" if found else f"；可用：{'、'.join(known)}"
