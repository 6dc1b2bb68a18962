"""The parts of a release's exports, in the order they are written."""

from __future__ import annotations

from collections.abc import Mapping

from warehouse.exports.bundle import Part
from warehouse.exports.sdmx import write_sdmx
from warehouse.exports.tables_csv import write_tables
from warehouse.exports.workbook import write_workbook
from warehouse.reports.brief import write_briefs
from warehouse.reports.html import write_report
from warehouse.reports.notices import write_notices

PARTS: Mapping[str, Part] = {
    "工作簿": write_workbook,
    "CSV": write_tables,
    "SDMX-CSV": write_sdmx,
    "报告页": write_report,
    "简报": write_briefs,
    "通报": write_notices,
}
"""Each with the name it is told by."""
