"""Receipts: a short Chinese text beside the reporting unit's inbox, one per submission.

Written once the file has been checked, and again whenever its state moves in a night. The other
parts of an answer (marked workbook, report, page) lie beside it under the same name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sources.vocabulary import HOLD_REASON_ZH, SEVERITY_ZH, STATE_ZH, gravity_of, said
from warehouse.settings import Settings

_NEXT_ZH: Mapping[str, str] = {
    "received": "请等待审核结果。",
    "refused": "请按上列意见改正后重新报送；本文件未采用。",
    "held": "请按上列意见改正后重新报送；此前如有已采用的版本，继续有效。",
    "returned": "请按退回意见改正后重新报送。",
    "passed": "请等待接收；列有问题的，请按意见更正或书面说明。",
    "explained": "请等待接收。",
    "accepted_county": "请等待市级接收。",
}
_HELD_NEXT_ZH: Mapping[str, str] = {
    "unconfirmed": "这份报表是代为录入的，请填报单位核对后确认；确认以前不采用。",
    "closed": "本期已封库，这份报送作补报或更正收下；开封以后重新审核，此前已采用的版本继续有效。",
}
_CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and digits that are not taken for one another when read out."""

REPLACED_WORKBOOK = ".审核结果（已作废）.xlsx"
"""The marked workbook of a version that another has replaced, or that was withdrawn."""
RECEIPT, WORKBOOK, REPORT, PAGE = ".回执.txt", ".审核结果.xlsx", ".校验报告.json", ".审核结果.html"
"""The parts of an answer, by the end of their names."""


def short_code(submission_id: str, file_sha256: str) -> str:
    """Eight letters that stand for a submission and its bytes, to be read out on the telephone."""
    number = int(hashlib.sha256(f"{submission_id}|{file_sha256}".encode()).hexdigest()[:10], 16)
    letters = "".join(_CODE_LETTERS[number >> (5 * place) & 31] for place in range(8))
    return f"{letters[:4]}-{letters[4:]}"


@dataclass(frozen=True)
class Receipt:
    """What a reporting unit is told about one submission."""

    submission_id: str
    city_code: str
    unit_code: str
    file_name: str
    file_sha256: str
    state_code: str
    received_at: datetime
    form_zh: str | None = None
    period_zh: str | None = None
    version: int | None = None
    cells_read: int = 0
    is_synthetic: bool = False
    form_sheet: str | None = None
    archive_sha256: str | None = None
    cells_stored: int | None = None
    """Cells read back from the store; None where nothing was stored."""
    figures_stored: int | None = None
    """Figures read back, of `entries_stored` entries of the form."""
    entries_stored: int | None = None
    against_zh: str | None = None
    """The sentence that compares with the version before."""
    held_for: str | None = None
    """Why it is held although nothing in it holds it: `unconfirmed` or `closed`."""
    replaced_by: int | None = None
    """The version that took this one's place, or is to be looked at instead of it."""
    corrected: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    """Findings of the version before that this one no longer has."""
    findings: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    """Rows with severity_code, rule_id, sheet, cell, value_text, message_zh, advice_zh, and what
    was explained of them, if anything: explanation_zh, earlier_zh."""

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What the answer is about, as label and text."""
        facts = [
            ("回执编号", self.submission_id),
            ("短码", short_code(self.submission_id, self.file_sha256)),
            ("文件", " ".join(self.file_name.split())),
        ]
        if self.form_zh:
            version = f"（第 {self.version} 版）" if self.version else ""
            facts.append(("报表", f"{self.form_zh}　报告期：{self.period_zh or '—'}{version}"))
        if self.form_sheet:
            facts.append(("工作表", f"{self.form_sheet}（该文件含多张报表，各有回执）"))
        if self.archive_sha256:
            facts.append(("来自压缩包", f"压缩包指纹：{self.archive_sha256[:12]}"))
        facts += [
            ("收到时间", f"{self.received_at:%Y-%m-%d %H:%M:%S}"),
            ("文件指纹", f"{self.file_sha256[:12]}　读取单元格：{self.cells_read} 个"),
        ]
        if self._stored:
            facts.append(("入库回读", self._stored))
        return tuple(facts)

    @property
    def state_zh(self) -> str:
        """The state in words, and which version is the current one where it is not this."""
        if self.replaced_by is None:
            return said(HOLD_REASON_ZH, self.held_for) or said(STATE_ZH, self.state_code)
        if self.state_code == "superseded":
            return f"已被第 {self.replaced_by} 版替代"
        return f"{said(STATE_ZH, self.state_code)}（{self.replaced_zh}）"

    @property
    def replaced_zh(self) -> str:
        """What takes this version's place, in words; empty when it is the current one."""
        if self.replaced_by is None:
            return ""
        if self.state_code == "superseded":
            return f"已被第 {self.replaced_by} 版替代"
        return f"已有第 {self.replaced_by} 版，以第 {self.replaced_by} 版的回执为准"

    @property
    def next_zh(self) -> str:
        """What the unit is to do now."""
        if self.replaced_by is not None:
            return f"本版无须处理，请看第 {self.replaced_by} 版的回执。"
        waits = _HELD_NEXT_ZH.get(self.held_for or "")
        return waits or _NEXT_ZH.get(self.state_code, "无须处理。")

    @property
    def text(self) -> str:
        """The receipt as the unit reads it."""
        lines = ["报送回执" + ("（演示数据）" if self.is_synthetic else ""), ""]
        if self.replaced_by is not None:
            lines.insert(1, f"【{self.replaced_zh}】")
        lines += [f"{label}：{said}" for label, said in self.facts]
        lines += [f"状态：{self.state_zh}", "", *self._problems()]
        if self.against_zh:
            lines += ["", f"与上一版相比：{self.against_zh}", *self._corrections()]
        lines += ["", f"下一步：{self.next_zh}", ""]
        return "\n".join(lines)

    @property
    def _stored(self) -> str:
        if self.cells_stored is None:
            return ""
        said = f"单元格 {self.cells_stored} 个"
        if self.entries_stored:
            said += f"，指标 {self.entries_stored} 项，其中有数 {self.figures_stored} 项"
        return said

    def _corrections(self) -> list[str]:
        return [
            f"{number}. 已更正：{row['message_zh']}［规则 {row['rule_id']}］"
            for number, row in enumerate(sorted(self.corrected, key=gravity_of), start=1)
        ]

    def _problems(self) -> list[str]:
        if not self.findings:
            return ["未发现问题。"]
        lines = [f"发现问题 {len(self.findings)} 条："]
        for number, row in enumerate(sorted(self.findings, key=gravity_of), start=1):
            place = "".join(
                (
                    f"工作表“{row['sheet']}”" if row.get("sheet") else "",
                    f"单元格 {row['cell']}" if row.get("cell") else "",
                )
            )
            value = row.get("value_text")
            facts = f"（{place}{'，' if place and value else ''}{f'值：{value}' if value else ''}）"
            kind = said(SEVERITY_ZH, row["severity_code"])
            lines.append(
                f"{number}. 【{kind}】{row['message_zh']}"
                + (facts if place or value else "")
                + f"［规则 {row['rule_id']}］"
            )
            if row.get("advice_zh"):
                lines.append(f"   建议：{row['advice_zh']}")
            if row.get("explanation_zh"):
                lines.append(f"   本期说明：{row['explanation_zh']}")
            if row.get("earlier_zh"):
                lines.append(f"   {row['earlier_zh']}")
        return lines


def answer_path(
    settings: Settings, city_code: str, unit_code: str, submission_id: str, part: str = RECEIPT
) -> Path:
    """Where a part of an answer lies; the slash of a window's code cannot stand in a name."""
    name = f"{submission_id.replace('/', '_')}{part}"
    return settings.outbox / city_code / unit_code / name


def write_parts(parts: Iterable[tuple[Path, str]]) -> int:
    """Number of texts that are new; a file that says the same already is left untouched."""
    made: set[Path] = set()
    written = 0
    for path, text in parts:
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        data = text.encode()
        if path.exists() and path.read_bytes() == data:
            continue
        path.write_bytes(data)
        written += 1
    return written


def write_receipts(settings: Settings, receipts: Iterable[Receipt]) -> int:
    """Number of receipts whose text is new; one that says the same is left untouched."""
    return write_parts(
        (answer_path(settings, one.city_code, one.unit_code, one.submission_id), one.text)
        for one in receipts
    )
