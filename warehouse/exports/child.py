"""The process in which a release's exports are written, so that none of them can stop a night.

`python -m warehouse.exports.child HOME RELEASE` prints one line of JSON: release, files, what
failed, seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

from warehouse.exports.bundle import outcome_json, write_bundle
from warehouse.exports.parts import PARTS
from warehouse.settings import Settings


def main(home: str, release_id: str) -> None:
    """Writes the exports of one release of one workspace."""
    bundle = write_bundle(Settings.load(Path(home)), release_id, PARTS)
    sys.stdout.write(outcome_json(bundle) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
