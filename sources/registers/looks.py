"""The two looks at a register file: by its head when it is too large for a form, then by its rows.

The reader is imported inside the functions: few files are registers, and each reading process pays
for what it imports.
"""

from __future__ import annotations

from pathlib import Path

from sources.contract import FileToParse, FormIdentity
from sources.definitions import Definitions
from sources.errors import OversizedSheet, SourceError
from sources.senders import check_identity


def register_by_head(
    file: FileToParse, definitions: Definitions, workspace_is_synthetic: bool | None
) -> FormIdentity | None:
    """What a large file says it is, if that is a register; nothing for the second look.

    Raises:
        SourceError: it is a register that its sender does not file.
    """
    if file.register_rows is not None:
        return None
    from sources.registers.reading import identity_of

    identity = identity_of(file.path, definitions)
    if identity is not None:
        try:
            check_identity(identity, file.expected_unit, definitions, workspace_is_synthetic)
        except SourceError as refusal:
            raise refusal.in_file(file.file_name, identity) from refusal.__cause__
    return identity


def read_register_of(file: FileToParse, target: Path, definitions: Definitions) -> FormIdentity:
    """Writes the rows of a register to `target` and says whose they are.

    Raises:
        SourceError: the file is refused.
    """
    from sources.registers.reading import read_register

    try:
        return read_register(file.path, definitions, target, file.file_name)[0]
    except SourceError as error:
        raise error.in_file(file.file_name) from error.__cause__
    except MemoryError as error:
        raise OversizedSheet(
            "读取所需内存超过上限，已停止读取", file_name=file.file_name
        ) from error
