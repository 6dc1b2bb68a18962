"""Registers (台账): forms with one row per right or contract, read in chunks and kept as text.

What lives here: the columns of a register as rows of the definitions, what a cell of each type must
look like, the reader that writes a register's rows to Parquet, its template. Which figures follow
from the rows is computed by the models; which of them are wrong is said by `expectations`.
"""

from sources.registers.definition import (
    SLOTS,
    Register,
    RegisterColumn,
    register_of,
    registers,
)

__all__ = ["SLOTS", "Register", "RegisterColumn", "register_of", "registers"]
