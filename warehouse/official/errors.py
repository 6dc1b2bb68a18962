"""What stands in the way of an official release; nothing was written. One Chinese sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from warehouse.errors import DecisionRefused


class OfficialRefused(DecisionRefused):
    """An act on an official release that breaks a rule."""


class UnknownProposal(OfficialRefused):
    """No such proposal, nor an official release of this id."""

    def __init__(self, identity: str) -> None:
        """Name what was asked for."""
        super().__init__(
            f"没有正式发布“{identity}”；提请编号和发布号用 qiangshi official list 列出。"
        )
        self.identity = identity


class ProposalDecided(OfficialRefused):
    """A proposal that somebody has decided on, or that a newer one has replaced."""

    def __init__(self, proposal_id: str, act_zh: str, author: str, at: datetime) -> None:
        """Say who did what before."""
        super().__init__(
            f"提请“{proposal_id}”已由“{author}”于 {at:%Y-%m-%d %H:%M:%S} {act_zh}；本次处理未写入。"
        )
        self.proposal_id = proposal_id
        self.first_author = author


class ProposalIncomplete(OfficialRefused):
    """An approval without document number or without the scan of the sealed table."""

    def __init__(self, proposal_id: str, missing_zh: Sequence[str]) -> None:
        """Name what is missing."""
        super().__init__(
            f"提请“{proposal_id}”缺少{'、'.join(missing_zh)}，不能批准；"
            "请补齐后重新提请（qiangshi official propose）。"
        )
        self.missing_zh = tuple(missing_zh)


class SamePerson(OfficialRefused):
    """Who proposed an official release tried to approve it."""

    def __init__(self, proposal_id: str, author: str) -> None:
        """Name the proposal and the account."""
        super().__init__(f"提请“{proposal_id}”由“{author}”提出，须由另一账户批准。")
        self.author = author


class EmbargoTooShort(OfficialRefused):
    """A release that would tell the public what an earlier one still keeps from it."""

    def __init__(self, release_id: str, until: datetime) -> None:
        """Name the earlier release and its embargo."""
        super().__init__(
            f"本次改了正式发布 {release_id} 的数，而它的保密期到 {until:%Y-%m-%d %H:%M}："
            "公开本次会提前公开它的数；请重新提请，保密期不早于它。"
        )
        self.release_id = release_id


class FiguresChanged(OfficialRefused):
    """Figures of an earlier official release have other values, and no decision says so."""

    SHOWN = 5

    def __init__(self, figures: Sequence[Mapping[str, Any]]) -> None:
        """Keep the figures (with their words); name the first few and the earlier releases."""
        listed = "；".join(
            f"{one['row_zh']}（{one['key_text']}）：{one['old_zh']} → {one['new_zh'] or '无'}"
            f"（正式发布 {one['from_release_id']}）"
            for one in figures[: self.SHOWN]
        )
        more = f"；……共 {len(figures)} 个" if len(figures) > self.SHOWN else ""
        releases = list(dict.fromkeys(str(one["from_release_id"]) for one in figures))
        commands = "、".join(
            f"qiangshi official revise {one} --reason 理由 --document-number 文号"
            for one in releases
        )
        super().__init__(
            f"已正式发布的数有 {len(figures)} 个与本次不同，须先有修订决定：{listed}{more}。"
            f"确需修订的：{commands}。"
        )
        self.figures = tuple(dict(one) for one in figures)
