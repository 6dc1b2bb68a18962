"""Exports that people open by a fixed path: copies in `published/` of the release that stands."""

from __future__ import annotations

import shutil

from warehouse.errors import LockedTarget
from warehouse.exports.bundle import exports_folder
from warehouse.exports.workbook import WORKBOOK
from warehouse.releases.history import published_manifest
from warehouse.releases.places import replace_patiently
from warehouse.settings import Settings

FIXED = (WORKBOOK,)
"""Files that lie in `published/` under the same name from release to release."""


def place_copies(settings: Settings) -> list[str]:
    """Puts the published release's exports at their fixed paths; what stood in the way, in words.

    An export that the release has not got is taken away: an old file would pass for the new one.
    """
    manifest = published_manifest(settings)
    if manifest is None:
        return []
    folder = exports_folder(settings, str(manifest["release_id"]))
    warnings = []
    for name in FIXED:
        source, target = folder / name, settings.published / name
        aside = target.with_name(f".{name}.new")
        try:
            if not source.is_file():
                target.unlink(missing_ok=True)
                continue
            shutil.copyfile(source, aside)
            aside.chmod(0o444)
            replace_patiently(aside, target)
        except LockedTarget as error:
            warnings.append(error.message_zh)
        except OSError as error:
            warnings.append(f"“{target}”没有换成新版：{error.strerror or error}")
        finally:
            aside.unlink(missing_ok=True)
    return warnings
