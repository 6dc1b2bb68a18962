"""The cells of any one file, whatever it is, read where it can do no harm."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from sources.contract import FileToParse
from sources.definitions import Definitions
from sources.readers.grid import Cell
from sources.submission_files import parse_many


def plain_cells(data: bytes, file_name: str, definitions: Definitions) -> tuple[Cell, ...]:
    """Every filled cell of a workbook or text table, read in a guarded process.

    Raises:
        SourceError: the file cannot be read; the error names it.
    """
    with TemporaryDirectory(prefix="qiangshi-") as folder:
        path = Path(folder) / "table"
        path.write_bytes(data)
        wanted = FileToParse(key="", path=path, file_name=file_name, asks_cells=True)
        for batch in parse_many([wanted], definitions, workers=1):
            for error in batch.errors.values():
                raise error
            return batch.plain[""]
    return ()
