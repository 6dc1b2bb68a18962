"""Attachments come out of a mail with their names, however the clerk's program wrote them."""

from __future__ import annotations

import base64
from email.message import EmailMessage

import pytest

from sources.channels.mail import read_mail, safe_name
from tests.unit.sources.mails import mail, raw_mail

NAME = "昆都仑区2025年12月.xlsx"
WORD_UTF8 = b"=?UTF-8?B?" + base64.b64encode(NAME.encode()) + b"?="
WORD_GB = b"=?gb2312?B?" + base64.b64encode(NAME.encode("gb18030")) + b"?="
PERCENT_GB = "".join(f"%{byte:02X}" for byte in NAME.encode("gb18030")).encode()
ATTACHED = b"Content-Disposition: attachment; "


@pytest.mark.parametrize(
    "headers",
    [
        [b"Content-Type: application/vnd.ms-excel", ATTACHED + b"filename*=gb2312''" + PERCENT_GB],
        [b"Content-Type: application/vnd.ms-excel", ATTACHED + b'filename="' + WORD_UTF8 + b'"'],
        [b"Content-Type: application/vnd.ms-excel", ATTACHED + b'filename="' + WORD_GB + b'"'],
        [b'Content-Type: application/octet-stream; name="' + WORD_GB + b'"'],
        [b"Content-Type: x/y", ATTACHED + b'filename="' + NAME.encode("gb18030") + b'"'],
        [b"Content-Type: x/y", ATTACHED + b'filename="' + NAME.encode() + b'"'],
        [
            b"Content-Type: x/y",
            ATTACHED + b"filename*0*=gb18030''" + PERCENT_GB[:12] + b";\r\n filename*1*="
            + PERCENT_GB[12:],
        ],
    ],
    ids=["2231-gb2312", "2047-utf8", "2047-gb2312", "name-only", "bare-gb18030", "bare-utf8",
         "2231-continued"],
)  # fmt: skip
def test_a_chinese_file_name_is_read_right(headers: list[bytes]) -> None:
    found = read_mail(raw_mail(*headers, body=b"\x00\x01cells"))
    assert [(one.file_name, one.data) for one in found.attachments] == [(NAME, b"\x00\x01cells")]
    assert found.sender == "tjj@example.gov.cn"


def test_a_character_that_gb2312_lacks_is_read_although_the_mail_says_gb2312() -> None:
    name = "鄂尔多斯市東勝區镕.xlsx"
    word = b"=?gb2312?B?" + base64.b64encode(name.encode("gbk")) + b"?="
    found = read_mail(raw_mail(b"Content-Type: x/y", ATTACHED + b'filename="' + word + b'"'))
    assert [one.file_name for one in found.attachments] == [name]


def test_two_attachments_and_a_forwarded_form_are_three_files_with_parts_of_their_own() -> None:
    outer = EmailMessage()
    outer["From"] = "a@b.gov.cn"
    outer.set_content("转发")
    outer.add_attachment(b"1", maintype="application", subtype="x", filename="一.xlsx")
    outer.add_attachment(b"2", maintype="application", subtype="x", filename="一.xlsx")
    inner = EmailMessage()
    inner.set_content("原件")
    inner.add_attachment(b"3", maintype="application", subtype="x", filename="三.xlsx")
    outer.add_attachment(inner)
    found = read_mail(outer.as_bytes()).attachments
    assert [(one.file_name, one.data) for one in found] == [
        ("一.xlsx", b"1"), ("一.xlsx", b"2"), ("三.xlsx", b"3"),
    ]  # fmt: skip
    assert len({one.part for one in found}) == 3


def test_the_logo_of_a_signature_is_no_attachment_and_a_photo_is_one() -> None:
    message = EmailMessage()
    message["From"] = "a@b.gov.cn"
    message.set_content("<img src='cid:logo'>", subtype="html")
    message.add_related(b"logo", maintype="image", subtype="png", cid="<logo>", filename="logo.png")
    photo = b"photo" * 8000
    message.add_related(photo, maintype="image", subtype="jpeg", cid="<p>", filename="正文.jpg")
    message.add_attachment(b"scan", maintype="image", subtype="jpeg", filename="盖章.jpg")
    found = read_mail(message.as_bytes()).attachments
    assert [one.file_name for one in found] == ["正文.jpg", "盖章.jpg"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", ".._.._etc_passwd".strip(" .")),
        ("C:\\报表\\一.xlsx", "C:_报表_一.xlsx"),
        ("a\r\nb.csv", "a_b.csv"),
        ("..", "附件"),
        ("长" * 200 + ".xlsx", "长" * 58 + ".xlsx"),
    ],
)
def test_a_sent_name_can_be_no_path(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe\x00", b"From: \xa3\xa3@\r\n\r\n", b"Content-Type: multipart/mixed\r\n\r\n"],
)
def test_a_broken_mail_has_no_attachments_and_breaks_nothing(data: bytes) -> None:
    assert read_mail(data).attachments == ()


def test_a_mail_without_a_name_for_its_workbook_still_brings_it() -> None:
    found = read_mail(raw_mail(b"Content-Type: application/vnd.ms-excel"))
    assert [one.file_name for one in found.attachments] == ["附件.xls"]


def test_the_mail_builder_of_these_tests_writes_what_a_program_would() -> None:
    found = read_mail(mail("tjj@example.gov.cn", (NAME, b"x")))
    assert [one.file_name for one in found.attachments] == [NAME]
