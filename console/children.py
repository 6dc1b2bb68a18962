"""Child processes: the command line does what is heavy or meets a unit's file; we wait for it.

Great Expectations and dbt are never imported in the web process, and a file that kills its reader
kills a grandchild only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from console.errors import ChildFailed
from warehouse.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
CHECK_SECONDS = 240
VERIFY_SECONDS = 60
UNKNOWN_EXPORT = 2
"""Exit code of `qiangshi verify` for what was never exported here."""
_COMMAND = (sys.executable, "-m", "orchestration.cli.main")


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a child: ours, with this workspace and its business day."""
    told = dict(os.environ) | {"QIANGSHI_HOME": str(settings.home)}
    if settings.clock_day is not None:
        told["QIANGSHI_CLOCK"] = settings.clock_day.isoformat()
    return told


def command(settings: Settings, arguments: Sequence[str], seconds: float) -> tuple[int, str, str]:
    """Exit code and output of one `qiangshi` command.

    Raises:
        ChildFailed: it took too long.
    """
    try:
        done = subprocess.run(
            [*_COMMAND, *arguments], cwd=ROOT, env=environment(settings), capture_output=True,
            text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ChildFailed(f"超过 {seconds:.0f} 秒没有结束，已停止；请稍后重试。") from error
    return done.returncode, done.stdout, done.stderr


def checked(settings: Settings, files: Sequence[Path], unit_code: str) -> dict[str, Any]:
    """What `qiangshi check` says of files: `read`, `findings`, `evidence`, `exit_code`, `notes`.

    Raises:
        ChildFailed: it ended without an answer.
    """
    names = [str(path) for path in files]
    code, out, err = command(
        settings, ["check", "--json", "--unit", unit_code, *names], CHECK_SECONDS
    )
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError as error:
        detail = err.strip().splitlines()[-1:] or ["没有输出"]
        raise ChildFailed(f"检查没有完成（退出码 {code}）：{detail[0][:300]}") from error
    return answer | {"notes": [line for line in err.splitlines() if line.strip()][:20]}


def blank_form(settings: Settings, form: str, unit: str, period: str, target: Path) -> None:
    """Writes a blank workbook with its checks and earlier figures.

    Raises:
        ChildFailed: in words, why there is none.
    """
    code, _, err = command(
        settings,
        ["template", "--form", form, "--unit", unit, "--period", period, "--out", str(target)],
        CHECK_SECONDS,
    )
    if code != 0 or not target.is_file():
        lines = [line for line in err.splitlines() if line.strip()]
        raise ChildFailed(lines[-1][:300] if lines else "模板没有生成，请告知运维人员。")


def verified(settings: Settings, file: Path) -> dict[str, Any]:
    """What `qiangshi verify` says of a file; `problem` where it is none of this workspace.

    Raises:
        ChildFailed: it ended without an answer.
    """
    code, out, err = command(settings, ["verify", "--json", str(file)], VERIFY_SECONDS)
    lines = [line for line in err.splitlines() if line.strip()]
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError as error:
        if code == UNKNOWN_EXPORT and lines:
            return {"problem": lines[-1][:600]}
        raise ChildFailed("文件没有核验完，可能已损坏；请改用表下方的核验码。") from error
    return answer
