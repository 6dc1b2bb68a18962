"""What comparing a header with a layout came to, as it travels between processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

KNOWN = frozenset({"same", "alias", "moved"})
WRONG = frozenset({"missing", "unknown", "repeated"})


@dataclass(frozen=True)
class ColumnDifference:
    """One column of the layout, or one heading of the file that the layout does not have.

    Attributes:
        status_code: `same`; `alias`, another declared name; `moved`, elsewhere among the others;
            `missing`; `left_out`, not there and not needed; `unknown`; `repeated`.
        header_zh: the layout's column; None for an unknown heading.
        text, cell: the heading as written and where; None for a column that is not there.
        likely_zh: the column an unknown heading probably is; a proposal, never taken.
    """

    status_code: str
    header_zh: str | None
    text: str | None = None
    cell: str | None = None
    likely_zh: str | None = None


@dataclass(frozen=True)
class LayoutDifference:
    """The header of one form of a file beside one version of its layout.

    Attributes:
        is_in_force: whether the version is the one to report the period on; None where the file
            tells no period.
        fingerprint, file_fingerprint: of the layout's needed headings and of the file's, whatever
            their order; equal when the file prints exactly those, beside any it need not have.
    """

    sheet: str
    form_code: str
    form_version: str
    form_zh: str
    layout_code: str
    valid_from: date
    valid_to: date | None
    period_code: str | None
    is_in_force: bool | None
    fingerprint: str
    file_fingerprint: str
    columns: tuple[ColumnDifference, ...]

    @property
    def known(self) -> int:
        """How many columns of the layout the file has."""
        return sum(column.status_code in KNOWN for column in self.columns)

    @property
    def fits(self) -> bool:
        """Whether a form with this header would be read by this layout."""
        return not any(column.status_code in WRONG for column in self.columns)
