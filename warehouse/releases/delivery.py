"""One delivery in a process of its own, so that a share that hangs holds up no night.

`python -m warehouse.releases.delivery` reads the delivery as JSON from standard input and prints
what it came to. A process that a dead share keeps may not even be killed: after the limit it is
told to end and left behind.
"""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from warehouse.errors import LockedTarget, TargetRefused, WarehouseError
from warehouse.releases.history import MANIFEST, read_manifest, standing_manifest, write_manifest
from warehouse.releases.places import PARQUET, place, place_copy, remove_log, stands
from warehouse.settings import PUBLISHED_FILE, Settings

LONGEST_SECONDS = 600.0
"""After so long a place is given up for tonight; the next night tries again."""
_GRACE_SECONDS = 5.0
_AGAIN = "仍为原来的版本，下次夜间运行补上"
_SAID = {
    errno.ENOSPC: "空间已满", errno.EDQUOT: "配额已满", errno.EFBIG: "放不下这样大的文件",
    errno.EROFS: "是只读的", errno.EACCES: "没有写的权限", errno.EPERM: "没有写的权限",
}  # fmt: skip


def perform(task: Mapping[str, Any]) -> dict[str, Any]:
    """What one delivery came to, here and now: `is_new` and `problem_zh`.

    Args:
        task: `kind` and what it needs. `release`: source, kept, manifest, folder. `copies`: source,
            names, release_id, folder. `city_file`: source, folder. `postgres`: home, url,
            release_id. `standing`: folder; the `release_id` that stands there is told too.
    """
    try:
        if task["kind"] == "standing":
            there = _manifest_in(Path(task["folder"])) or {}
            release_id = there.get("release_id")
            return {"is_new": False, "problem_zh": None, "release_id": release_id}
        return {"is_new": _KINDS[task["kind"]](task), "problem_zh": None}
    except LockedTarget as error:
        problem = f"“{error.path}”被其他程序占用，{_AGAIN}"
    except WarehouseError as error:
        problem = error.message_zh
    except OSError as error:
        problem = f"写不进去：{_SAID.get(error.errno or 0, '')}（{error}）；{_AGAIN}"
    return {"is_new": False, "problem_zh": problem}


def perform_within_limit(task: Mapping[str, Any]) -> dict[str, Any]:
    """What one delivery came to in a process of its own, given up after `LONGEST_SECONDS`."""
    command = [sys.executable, "-m", "warehouse.releases.delivery"]
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
    except OSError as error:
        return _failed(f"未能启动：{error.strerror or error}；{_AGAIN}")
    try:
        said, complaint = child.communicate(
            json.dumps(task, ensure_ascii=False), timeout=LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired:
        child.kill()
        # It may wait on a dead share, where no signal reaches it.
        with suppress(subprocess.TimeoutExpired):
            child.communicate(timeout=_GRACE_SECONDS)
        return _failed(f"{LONGEST_SECONDS:.0f} 秒没有写完（共享没有响应？）；{_AGAIN}")
    if child.returncode or not said.strip():
        last = (complaint.strip().splitlines() or ["没有说明原因"])[-1]
        return _failed(f"没有写成：{last}；{_AGAIN}")
    found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return found


def _failed(problem_zh: str) -> dict[str, Any]:
    return {"is_new": False, "problem_zh": problem_zh}


def _release(task: Mapping[str, Any]) -> bool:
    """Whether the folder took a new release.

    Raises:
        TargetRefused: there is no such folder: so looks a share that is not mounted; or it is one
            that an audience reads which may not see all.
    """
    folder, manifest = Path(task["folder"]), task["manifest"]
    there = _manifest_in(folder)
    if there is not None and "audience_code" in there:
        raise TargetRefused(
            f"目录中是给“{there.get('audience_zh')}”读者的分城市文件，没有放入整个发布；请换一个目录"
        )
    is_same = there is not None and there.get("release_id") == manifest["release_id"]
    if not is_same or not stands(folder, manifest):
        place(Path(task["source"]), task["kept"], folder)
    if there != manifest:
        write_manifest(folder / MANIFEST, manifest)
    return not is_same


def _copies(task: Mapping[str, Any]) -> bool:
    """Whether any file was laid anew; none beside a release it does not belong to."""
    folder = Path(task["folder"])
    there = _manifest_in(folder)
    if there is None or there.get("release_id") != task["release_id"]:
        return False
    return any([place_copy(Path(task["source"]) / name, folder / name) for name in task["names"]])


def _manifest_in(folder: Path) -> dict[str, Any] | None:
    if not folder.is_dir():
        raise TargetRefused("目录不存在（共享未挂载？），没有写入；下次夜间运行补上")
    return standing_manifest(folder)


def _postgres(task: Mapping[str, Any]) -> bool:
    from warehouse.releases.postgres import hand_over

    settings = Settings.load(task["home"], environ={"QIANGSHI_PUBLISH_POSTGRES": task["url"]})
    return hand_over(settings, task["release_id"])


def _city_file(task: Mapping[str, Any]) -> bool:
    """Whether the folder took another file of its city and audience, with that one's manifest.

    Raises:
        TargetRefused: there is no such folder, or no such file, or a whole release lies there.
    """
    source, folder = Path(task["source"]), Path(task["folder"])
    there, told = _manifest_in(folder), read_manifest(source / MANIFEST)
    if told is None:
        raise TargetRefused(f"没有 {source.parent.name}/{source.name} 这一份文件，没有写入")
    if (folder / PARQUET).exists() or (there is not None and "audience_code" not in there):
        raise TargetRefused(
            "目录中有整个发布（如 parquet），这里的读者不应都能看到，没有放入；"
            "请换一个目录，或先清空"
        )
    remove_log(folder / PUBLISHED_FILE)
    is_new = place_copy(source / PUBLISHED_FILE, folder / PUBLISHED_FILE)
    if there != told:
        write_manifest(folder / MANIFEST, told)
    return is_new


_KINDS = {"release": _release, "copies": _copies, "city_file": _city_file, "postgres": _postgres}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(perform(json.load(sys.stdin)), ensure_ascii=False) + "\n")
