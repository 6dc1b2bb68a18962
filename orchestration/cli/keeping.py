"""Commands that keep a workspace: backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import JsonFlag, guarded, print_json, settings_of, tell

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="备份文件")]


def register(app: typer.Typer) -> None:
    """Adds the commands of this group."""
    for command in (backup, restore):
        app.command()(command)


@guarded
def backup(
    file: FileArgument,
    force: Annotated[bool, typer.Option("--force", help="已有同名文件时覆盖它")] = False,
    as_json: JsonFlag = False,
) -> None:
    """把工作区备份成一个文件：台账、收到的文件、历次发布、导出记录；凭据不在其中。"""
    from warehouse.backups import back_up
    from warehouse.lease import night_lease

    settings = settings_of()
    with night_lease(settings, wait_seconds=600):
        made = back_up(settings, file, may_replace=force)
    if as_json:
        print_json(made.__dict__)
        return
    told = f"已备份 {made.files} 个文件到 {made.file}（{made.size / 1e6:.1f} MB），已读回核对"
    tell(told)


@guarded
def restore(file: FileArgument, as_json: JsonFlag = False) -> None:
    """从备份恢复工作区；只恢复到空的目录，逐个文件核对。"""
    from warehouse.backups import restore as restored

    settings = settings_of()
    made = restored(settings, file)
    if as_json:
        print_json(made.__dict__ | {"home": settings.home})
        return
    told = f"已恢复 {made.files} 个文件到 {settings.home}（备份于 {made.made_at}）"
    tell(told)
    tell("凭据不在备份中，请重新放入 secrets/；然后运行 qiangshi doctor 检查。")
