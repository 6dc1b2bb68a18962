"""The roles, the permissions, and the one table that says which role holds which.

Nothing outside this room decides what a role may do. A permission that is not in the table is
nobody's. The three offices (三员) follow the usual separation of duties in government systems:
whoever keeps the accounts sees no data, whoever runs the system sees no audit, and the auditor
changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Reach = Literal["unit", "city", "all"]


@dataclass(frozen=True)
class Role:
    """A role: how far a post of it reaches, and what it may do there."""

    code: str
    name_zh: str
    reach: Reach
    permissions: frozenset[str]


PERMISSIONS: Mapping[str, str] = {
    # Of filings and findings; each is asked of a place.
    "filings.read": "查看报送件、问题、进度和预览",
    "people.read": "查看报表上的姓名和电话",
    "filings.submit": "上传、网上填报、下载模板",
    "filings.enter": "代录",
    "filings.confirm": "代表填报单位确认代录和更正",
    "filings.withdraw": "撤回报送件",
    "findings.explain": "说明问题",
    "findings.assign": "分派经办人",
    "submissions.return": "退回报送件",
    "submissions.accept_county": "旗县级接收",
    "submissions.accept_city": "市级接收",
    "corrections.propose": "提出更正",
    "corrections.approve": "批准更正",
    "standing.approve": "批准长期说明",
    "deadlines.extend": "延期",
    "arrivals.decide": "认领或搁置待确认来件",
    "arrivals.correct": "更正实际交件时间",
    "reminders.write": "催报",
    "periods.close": "封库",
    "periods.reopen": "开封",
    "official.propose": "提请正式发布",
    "official.approve": "审批正式发布",
    "official.revise": "作出正式数据的修订决定",
    # Of the workspace as a whole.
    "published.read": "查看已发布的指标和版本",
    "releases.publish": "立即发布",
    "releases.roll_back": "回退发布版本",
    "accounts.read": "查看账户与岗位",
    "accounts.manage": "管理账户与岗位",
    "offices.declare": "登记小型机构模式",
    "audit.read": "查看审计记录",
    "system.operate": "运行和维护系统",
}
"""Every permission there is, with what it means to a person."""

PLACED = frozenset(
    name
    for name in PERMISSIONS
    if name.split(".")[0]
    in {
        "filings",
        "people",
        "findings",
        "submissions",
        "corrections",
        "standing",
        "deadlines",
        "arrivals",
        "reminders",
        "periods",
        "official",
    }
)
"""Permissions that hold in some units or cities only."""

_COUNTY_READS = {"filings.read", "people.read", "published.read"}
_CITY_ACTS = {
    "official.propose",
    "filings.withdraw",
    "findings.explain",
    "findings.assign",
    "submissions.return",
    "submissions.accept_county",
    "submissions.accept_city",
    "deadlines.extend",
    "arrivals.decide",
    "arrivals.correct",
    "reminders.write",
    "releases.publish",
}

ROLES: Mapping[str, Role] = {
    role.code: role
    for role in (
        Role(
            "reporter",
            "填报员",
            "unit",
            frozenset(
                _COUNTY_READS
                | {"filings.submit", "filings.confirm", "filings.withdraw", "findings.explain"}
            ),
        ),
        Role(
            "county_approver",
            "填报单位审核人",
            "unit",
            frozenset(
                _COUNTY_READS
                | {
                    "filings.confirm",
                    "filings.withdraw",
                    "findings.explain",
                    "submissions.return",
                    "submissions.accept_county",
                }
            ),
        ),
        Role(
            "city_steward",
            "市级数据管理员",
            "city",
            frozenset(_COUNTY_READS | _CITY_ACTS | {"filings.enter", "corrections.propose"}),
        ),
        Role(
            "city_approver",
            "市级审批人",
            "city",
            frozenset(
                _COUNTY_READS
                | _CITY_ACTS
                | {
                    "corrections.approve",
                    "standing.approve",
                    "periods.close",
                    "periods.reopen",
                    "official.approve",
                    "official.revise",
                    "releases.roll_back",
                }
            ),
        ),
        Role(
            "auditor",
            "安全审计员",
            "all",
            frozenset(_COUNTY_READS | {"accounts.read", "audit.read"}),
        ),
        Role(
            "security_administrator",
            "安全管理员",
            "all",
            frozenset({"accounts.read", "accounts.manage", "offices.declare"}),
        ),
        Role(
            "system_administrator",
            "系统管理员",
            "all",
            frozenset(
                {"published.read", "releases.publish", "releases.roll_back", "system.operate"}
            ),
        ),
    )
}
"""The matrix. A cell that is not here is a no."""

THREE_OFFICES = ("system_administrator", "security_administrator", "auditor")
"""三员: no account holds two of them, nor one of them beside a post that handles filings."""

HANDLING = tuple(code for code, role in ROLES.items() if role.reach != "all")
"""Roles that handle filings of a unit or a city."""
