"""LibreOffice without a window, for the tests: opens, recalculates and saves many files at once."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers import tool

__all__ = ["converted", "tool"]

_CONVERTS_WITHIN = 300


def converted(files: Sequence[Path], kind: str, folder: Path) -> list[Path]:
    """The files as LibreOffice saves them, in a folder of their own; one start for all.

    Args:
        files: what to open; names must differ.
        kind: what to save as: xlsx, ods, pdf.
        folder: where to; the profile is made beside it, so that runs never share one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    profile = folder.with_name(f"{folder.name}-profile").resolve().as_uri()
    subprocess.run(
        [tool("soffice"), f"-env:UserInstallation={profile}", "--headless", "--norestore",
         "--convert-to", kind, "--outdir", str(folder), *map(str, files)],
        check=True, capture_output=True, timeout=_CONVERTS_WITHIN, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    made = [folder / f"{file.stem}.{kind}" for file in files]
    assert [path.name for path in made if not path.is_file()] == []
    return made
