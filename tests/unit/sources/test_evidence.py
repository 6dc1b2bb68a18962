"""A scan is told by its bytes; its name tells what it plainly says and no more."""

from __future__ import annotations

import io
import zipfile

import pytest

from sources.definitions import Definitions
from sources.evidence import evidence_kind, form_named, period_named, stem_of, unit_named

DEFINITIONS = Definitions.load()


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7 ...", "pdf"),
        (b"\x00" * 20 + b"%PDF-1.4", "pdf"),
        (b"\xff\xd8\xff\xe0JFIF", "jpg"),
        (b"\x89PNG\r\n\x1a\n....", "png"),
        (zipped("OFD.xml", "Doc_0/Document.xml"), "ofd"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), None),
        (zipped("[Content_Types].xml", "OFD.xml"), None),
        (b"PK\x03\x04 OFD.xml and then nothing", None),
        ("表号,IP-M1\n".encode(), None),
        (b"", None),
    ],
)
def test_papers_are_told_from_forms_by_their_bytes(data: bytes, kind: str | None) -> None:
    assert evidence_kind(data) == kind


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("红山区2025年12月盖章.pdf", "2025-12"),
        ("红山区２０２５年１２月.pdf", "2025-12"),
        ("2025年第四季度扫描件.pdf", "2025-Q4"),
        ("2025年4季度.jpg", "2025-Q4"),
        ("2025年上半年.jpg", "2025-S1"),
        ("2025年度.ofd", "2025"),
        ("a-2025-03.pdf", "2025-03"),
        ("2025年1月和2025年2月.pdf", None),
        ("IMG_20251203_1.jpg", None),
        ("盖章.pdf", None),
    ],
)
def test_a_name_tells_the_one_period_it_states(name: str, code: str | None) -> None:
    found = period_named(name)
    assert (found.code if found else None) == code


def test_a_name_tells_the_county_and_not_its_city() -> None:
    units = DEFINITIONS.units.values()
    found = unit_named("赤峰市红山区12月.pdf", units)
    assert found is not None
    assert found.unit_code == "150402"
    assert unit_named("红山区、松山区.pdf", units) is None
    assert unit_named("扫描件.pdf", units) is None


def test_a_name_tells_the_one_form_it_names() -> None:
    assert form_named("IP-M1 盖章.pdf", DEFINITIONS) == "IP-M1"
    assert form_named("盖章.pdf", DEFINITIONS) is None


def test_a_scan_has_the_stem_of_its_form() -> None:
    assert stem_of("红山区12月（盖章扫描件）.pdf") == stem_of("红山区12月.xlsx")
    assert stem_of("红山区12月.pdf") != stem_of("红山区11月.xlsx")


def test_a_zip_that_begins_with_a_stored_pdf_is_an_archive_and_no_scan() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("盖章件.pdf", b"%PDF-1.4 a scan")
        archive.writestr("三月.xlsx", b"a form")
    assert evidence_kind(packed.getvalue()) is None
