"""The site of the models: every model, its columns, tests, lineage and exposures, as one HTML file.

`python -m orchestration.dbt_site FILE` writes it. It needs no server and no network.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from orchestration import dbt
from orchestration.stages import definitions_of
from warehouse import workspace
from warehouse.settings import Settings


def write_site(settings: Settings, target: Path) -> Path:
    """The file written.

    Raises:
        RollUpFailed: dbt could not read the models.
    """
    workspace.init(settings)
    dbt.write_docs(settings, definitions_of(settings))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(dbt.target_path(settings) / "static_index.html", target)
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{write_site(Settings.load(), Path(sys.argv[1])).absolute()}\n")
