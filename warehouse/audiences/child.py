"""The process in which the files of cities and audiences are kept, so that none can stop a night.

`python -m warehouse.audiences.child HOME` prints one line of JSON: release, written, unchanged,
removed, mirrored, what failed, seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from sources.definitions import Definitions
from warehouse.audiences.placing import deliver_city_files, keep_city_files
from warehouse.settings import Settings

MODULE = "warehouse.audiences.child"
_STARTED: list[subprocess.Popen[bytes]] = []
"""Those of this process that may still run."""


def command(settings: Settings) -> list[str]:
    """The command line of the process."""
    return [sys.executable, "-m", MODULE, str(settings.home)]


def start(settings: Settings) -> None:
    """Starts it and does not wait: what it could not do, the next night does."""
    _STARTED[:] = [process for process in _STARTED if process.poll() is None]
    if settings.has_city_files:
        nowhere = subprocess.DEVNULL
        _STARTED.append(
            subprocess.Popen(
                command(settings), stdin=nowhere, stdout=nowhere, stderr=nowhere,
                start_new_session=True,
            )
        )  # fmt: skip


def main(home: str) -> None:
    """Keeps the files of one workspace."""
    begun = time.monotonic()
    settings = Settings.load(Path(home))
    kept = keep_city_files(settings, Definitions.load(settings.definitions_overlay))
    deliver_city_files(settings, kept)
    told = asdict(kept) | {"seconds": round(time.monotonic() - begun, 2)}
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
