"""The rules of the readers made wrong, one decision each, in the very function that takes it.

A mutant is the function compiled again with one condition changed, and put in the place of the
function wherever it is used. A condition that is no longer there once stops the test.
"""

from __future__ import annotations
import __future__

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import pytest

import sources.control_totals
import sources.headers
import sources.identity
import sources.layouts
import sources.readers
import sources.readers.container
import sources.readers.delimited
import sources.senders
import sources.submission_files


@dataclass(frozen=True)
class Mutant:
    """A decision made wrong, and the file of the corpus that tells it from the rule."""

    case: str
    function: Callable[..., Any]
    decision: str
    becomes: str

    def put_in(self, patch: pytest.MonkeyPatch) -> None:
        """Puts the mutant in the place of the function, everywhere."""
        function = self.function
        assert isinstance(function, FunctionType)
        text = textwrap.dedent(inspect.getsource(function))
        assert text.count(self.decision) == 1, (
            f"{self.decision} stands {text.count(self.decision)}×"
        )
        code = compile(
            text.replace(self.decision, self.becomes), "mutant", "exec",
            flags=__future__.annotations.compiler_flag, dont_inherit=True,
        )  # fmt: skip
        made: dict[str, Any] = {}
        exec(code, function.__globals__, made)
        mutant = made[function.__name__]
        for name, module in list(sys.modules.items()):
            if name.startswith("sources") and vars(module).get(function.__name__) is function:
                patch.setattr(module, function.__name__, mutant)


_container, _identity, _layouts = sources.readers.container, sources.identity, sources.layouts

READER_MUTANTS: dict[str, Mutant] = {
    "S01": Mutant(
        "macros", _container._recognise_zip,
        'if "xl/vbaproject.bin" in names or b"macroEnabled" in kinds:', "if False:",
    ),
    "S02": Mutant("an empty workbook", sources.readers.read_kind, "if not cells:", "if False:"),
    "S03": Mutant(
        "a password", _container._recognise_ole,
        'if "encryptedpackage" in entries:', "if False:",
    ),
    "S04": Mutant(
        "more cells than a form can have", sources.readers.delimited.read_delimited,
        "if len(cells) > limits.cells:", "if len(cells) > 10 * limits.cells:",
    ),
    "S05": Mutant("no form number", _identity._form_code, "if not read:", "if False:"),
    "S06": Mutant("an unknown unit code", _identity._unit, "if body is None:", "if False:"),
    "S07": Mutant(
        "another unit's form", sources.senders._check_sender,
        "expected_unit is not None and not is_same_body(", "False and is_same_body(",
    ),
    "S08": Mutant(
        "a quarter on a monthly form", _identity._period,
        "period = read_period(one.text, frequency)", "period = read_period('2025-03', frequency)",
    ),
    "S09": Mutant("a column removed", sources.headers._mapped, "if told.missing:", "if False:"),
    "S10": Mutant("a further column", sources.headers._mapped, "if strangers:", "if False:"),
    "S11": Mutant(
        "a missing row", _layouts._place_rows,
        "if code not in placed]", "if code in placed and placed[code] < 0]",
    ),
    "S12": Mutant(
        "a figure that is nobody's", _layouts._row_code, "if stranger is None:", "if True:"
    ),
    "S13": Mutant("a row twice", _layouts._place_rows, "if code in placed:", "if False:"),
    "S14": Mutant(
        "an old form for a new period, known by its headings only",
        _layouts.located, "if other is None:", "if True:",
    ),
    "S16": Mutant(
        "the same month twice beside another", sources.submission_files._without_twins,
        "if len(same) < 2:", "if True:",
    ),
    "S17": Mutant(
        "a subtotal that is wrong", sources.control_totals.failed_totals,
        "if told not in (", "if told is None and told not in (",
    ),
    "S18": Mutant(
        "a workbook named csv", _container.belies,
        "suffix not in _SUFFIXES[kind]", "suffix not in known",
    ),
    "S19": Mutant(
        "another month in the file's name", _identity._period,
        "(named is None or named[1] == read[0])", "True",
    ),
    "S20": Mutant("moved columns", _layouts._moved, "if not header.moved:", "if True:"),
}  # fmt: skip
