"""Headers of files beside the layouts of their forms; reads nothing of the workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sources.contract import FileToParse
from sources.definitions import Definitions
from sources.errors import SourceError
from sources.layout_difference import LayoutDifference
from sources.submission_files import parse_many
from sources.texts import readable_name

FITS, DIFFERS, REFUSED = 0, 1, 2


@dataclass(frozen=True)
class Compared:
    """What comparing files with layouts came to.

    Attributes:
        differences: by file, one for each version of the layout of each of its forms.
        refused: files that could not be read, in words.
    """

    differences: Mapping[Path, Sequence[LayoutDifference]]
    refused: Sequence[SourceError]

    @property
    def exit_code(self) -> int:
        """Whether every form fits the version to report its period on, or any if it tells none."""
        if self.refused:
            return REFUSED
        fit = all(
            any(one.fits and one.is_in_force is not False for one in versions)
            for file in self.differences.values()
            for versions in _by_form(file).values()
        )
        return FITS if fit and all(self.differences.values()) else DIFFERS


def _by_form(
    differences: Sequence[LayoutDifference],
) -> Mapping[tuple[str, str | None], list[LayoutDifference]]:
    """The versions of each form; a sheet that tells no form has those it is nearest to."""
    forms: dict[tuple[str, str | None], list[LayoutDifference]] = {}
    for one in differences:
        forms.setdefault((one.sheet, one.period_code), []).append(one)
    return forms


def compare_files(definitions: Definitions, files: Sequence[Path]) -> Compared:
    """The headers of files beside the layouts, read in guarded processes."""
    wanted = [
        FileToParse(
            key=str(number), path=path, file_name=readable_name(path.name), asks_layouts=True
        )
        for number, path in enumerate(files)
    ]
    found: dict[Path, Sequence[LayoutDifference]] = {}
    refused: list[SourceError] = []
    for batch in parse_many(wanted, definitions):
        found |= {files[int(key)]: differences for key, differences in batch.layouts.items()}
        refused += batch.errors.values()
    return Compared(found, refused)
