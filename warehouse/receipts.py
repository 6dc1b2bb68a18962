"""Receipts: a short Chinese text beside the reporting unit's inbox, one per submission.

Written once the file has been checked, and again whenever its state moves in a night.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from warehouse.settings import Settings

STATE_ZH: Mapping[str, str] = {
    "received": "已收到，待审核",
    "refused": "不予接收",
    "held": "审核未通过，暂不采用",
    "passed": "审核通过，待验收",
    "explained": "已说明，待验收",
    "returned": "已退回",
    "accepted_county": "县级已验收",
    "accepted_city": "市级已验收",
    "published": "已发布",
    "superseded": "已被新版本替代",
    "withdrawn": "已撤回",
}
SEVERITY_ZH: Mapping[str, str] = {
    "blocking": "强制性",
    "quasi_blocking": "准强制性",
    "verify": "核实性",
    "info": "提示",
}
_NEXT_ZH: Mapping[str, str] = {
    "received": "请等待审核结果。",
    "refused": "请按上列意见改正后重新报送；本文件未采用。",
    "held": "请按上列意见改正后重新报送；此前如有已采用的版本，继续有效。",
    "returned": "请按退回意见改正后重新报送。",
    "passed": "请等待验收；列有问题的，请按意见更正或书面说明。",
    "explained": "请等待验收。",
    "accepted_county": "请等待市级验收。",
}
_SEVERITIES = tuple(SEVERITY_ZH)


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
    findings: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    """Rows with severity_code, rule_id, sheet, cell, value_text, message_zh, advice_zh."""

    @property
    def text(self) -> str:
        """The receipt as the unit reads it."""
        lines = ["报送回执" + ("（演示数据）" if self.is_synthetic else ""), ""]
        lines += [f"回执编号：{self.submission_id}", f"文件：{' '.join(self.file_name.split())}"]
        if self.form_zh:
            version = f"（第 {self.version} 版）" if self.version else ""
            lines.append(f"报表：{self.form_zh}　报告期：{self.period_zh or '—'}{version}")
        if self.form_sheet:
            lines.append(f"工作表：{self.form_sheet}（该文件含多张报表，各有回执）")
        if self.archive_sha256:
            lines.append(f"来自压缩包，压缩包指纹：{self.archive_sha256[:12]}")
        lines += [
            f"收到时间：{self.received_at:%Y-%m-%d %H:%M:%S}",
            f"文件指纹：{self.file_sha256[:12]}　读取单元格：{self.cells_read} 个",
            f"状态：{STATE_ZH.get(self.state_code, self.state_code)}",
        ]
        lines += ["", *self._problems()]
        lines += ["", f"下一步：{_NEXT_ZH.get(self.state_code, '无须处理。')}", ""]
        return "\n".join(lines)

    def _problems(self) -> list[str]:
        if not self.findings:
            return ["未发现问题。"]
        lines = [f"发现问题 {len(self.findings)} 条："]
        for number, row in enumerate(sorted(self.findings, key=_gravity), start=1):
            place = "".join(
                (
                    f"工作表“{row['sheet']}”" if row.get("sheet") else "",
                    f"单元格 {row['cell']}" if row.get("cell") else "",
                )
            )
            value = row.get("value_text")
            facts = f"（{place}{'，' if place and value else ''}{f'值：{value}' if value else ''}）"
            kind = SEVERITY_ZH.get(row["severity_code"], row["severity_code"])
            lines.append(
                f"{number}. 【{kind}】{row['message_zh']}"
                + (facts if place or value else "")
                + f"［规则 {row['rule_id']}］"
            )
            if row.get("advice_zh"):
                lines.append(f"   建议：{row['advice_zh']}")
        return lines


def receipt_path(settings: Settings, city_code: str, unit_code: str, submission_id: str) -> Path:
    """Where a submission's receipt lies; the slash of a window's code cannot stand in a name."""
    name = f"{submission_id.replace('/', '_')}.回执.txt"
    return settings.outbox / city_code / unit_code / name


def write_receipts(settings: Settings, receipts: Iterable[Receipt]) -> int:
    """Number of receipts whose text is new; one that says the same is left untouched."""
    made: set[Path] = set()
    written = 0
    for receipt in receipts:
        path = receipt_path(settings, receipt.city_code, receipt.unit_code, receipt.submission_id)
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        data = receipt.text.encode()
        if path.exists() and path.read_bytes() == data:
            continue
        path.write_bytes(data)
        written += 1
    return written


def _gravity(row: Mapping[str, Any]) -> tuple[int, str, str]:
    severity = row["severity_code"]
    place = _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
    return (place, str(row["rule_id"]), str(row.get("cell") or ""))
