"""What can go wrong in storage: one family, facts as attributes, one Chinese sentence each.

Errors about the shape of a filed document live in `sources.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sources.vocabulary import MOVE_ZH, SEVERITY_ZH, STATE_ZH, VERB_ZH, said, tally


class WarehouseError(Exception):
    """Any failure of storage that a person can act on; `message_zh` says what and what to do."""

    def __init__(self, message_zh: str) -> None:
        """Keep the sentence shown to the user."""
        super().__init__(message_zh)
        self.message_zh = message_zh


class InvalidSetting(WarehouseError):
    """A setting holds a text that cannot be read."""

    def __init__(self, name: str, text: str, expected_zh: str) -> None:
        """Name the setting, the text found and what was expected."""
        super().__init__(f"设置 {name} 的值“{text}”无法识别，应为{expected_zh}。")
        self.name = name
        self.text = text


class WorkspaceMissing(WarehouseError):
    """The folder is not a workspace yet, or its ledger has not been created."""

    def __init__(self, home: Path) -> None:
        """Name the folder."""
        super().__init__(f"“{home}”还不是工作区，请先运行 qiangshi init。")
        self.home = home


class LedgerOutdated(WarehouseError):
    """The ledger was written by another version of the software."""

    def __init__(self, found: str | None, expected: str) -> None:
        """Name the two schema revisions."""
        super().__init__(
            f"台账结构版本为 {found or '空'}，本软件需要 {expected}，请运行 qiangshi init 升级。"
        )
        self.found = found
        self.expected = expected


class WorkspaceKindConflict(WarehouseError):
    """Synthetic data offered to a real workspace, or real data to a synthetic one."""

    def __init__(self, *, workspace_is_synthetic: bool) -> None:
        """Say which of the two the workspace is."""
        super().__init__(
            "本工作区是演示工作区，不接收真实报表；请另建一个工作区。"
            if workspace_is_synthetic
            else "本工作区是真实工作区，不接收演示数据；请另建一个工作区。"
        )
        self.workspace_is_synthetic = workspace_is_synthetic


class NightIsRunning(WarehouseError):
    """Another night holds the workspace."""

    def __init__(self, pid: int, started_at: datetime, waited_seconds: float) -> None:
        """Name the process, since when it runs, and how long we waited."""
        waited = f"，已等待 {waited_seconds:.0f} 秒" if waited_seconds >= 1 else ""
        super().__init__(
            f"另一次夜间运行正在进行（进程 {pid}，开始于 {started_at:%Y-%m-%d %H:%M:%S}）{waited}；"
            "本次不再运行，请待其结束后重试。"
        )
        self.pid = pid
        self.started_at = started_at
        self.waited_seconds = waited_seconds


class WarehouseBusy(WarehouseError):
    """Another process of ours is writing the private warehouse."""

    def __init__(self, path: Path, waited_seconds: float) -> None:
        """Name the file and how long we waited."""
        super().__init__(f"数据仓库“{path}”正由另一进程写入，已等待 {waited_seconds:.0f} 秒。")
        self.path = path
        self.waited_seconds = waited_seconds


class UnknownSubmission(WarehouseError):
    """No such submission in the ledger."""

    def __init__(self, submission_id: str, near: Sequence[str] = ()) -> None:
        """Name the submission, and those of the ledger whose ids are most like it."""
        near_zh = f"是不是：{'、'.join(near)}？" if near else ""
        super().__init__(
            f"台账中没有报送件“{submission_id}”。{near_zh}报送件编号用 qiangshi submissions 列出。"
        )
        self.submission_id = submission_id
        self.near = tuple(near)


class UnknownArrival(WarehouseError):
    """No such arrival in the ledger."""

    def __init__(self, arrival_id: str) -> None:
        """Name the arrival."""
        super().__init__(
            f"台账中没有来件“{arrival_id}”；待确认的来件用 qiangshi submissions --unsorted 列出。"
        )
        self.arrival_id = arrival_id


class IllegalTransition(WarehouseError):
    """A verb that the submission's state does not allow."""

    def __init__(
        self,
        verb: str,
        from_state: str | None,
        allowed_from: Sequence[str],
        submission_id: str | None = None,
    ) -> None:
        """Name the verb, the present state, the states that would allow it, and the submission."""
        state_zh = said(STATE_ZH, from_state) or "新报送"
        allowed_zh = "、".join(f"“{said(STATE_ZH, code)}”" for code in allowed_from if code) or "无"
        subject = f"报送件“{submission_id}”" if submission_id else "报送件"
        next_zh = _NEXT_ZH.get((verb, from_state)) or _NEXT_ZH.get(("", from_state)) or ""
        super().__init__(
            f"{subject}当前状态为“{state_zh}”，不能{said(VERB_ZH, verb)}；"
            f"可以的状态：{allowed_zh}。" + next_zh.format(submission_id or "报送件编号")
        )
        self.verb = verb
        self.from_state = from_state
        self.allowed_from = tuple(allowed_from)
        self.submission_id = submission_id

    def about(self, submission_id: str) -> IllegalTransition:
        """The same of a named submission."""
        return IllegalTransition(self.verb, self.from_state, self.allowed_from, submission_id)


_NEXT_ZH: dict[tuple[str, str | None], str] = {
    ("", "received"): "它还没有审核，请先运行 qiangshi nightly。",
    ("", "refused"): "文件未能采用，请填报单位按回执改正后重新报送。",
    ("", "withdrawn"): "它已撤回，须由填报单位重新报送。",
    ("", "held"): "请填报单位按回执改正后重新报送，或用 qiangshi decide return {} 退回。",
    ("accept", "passed"): "请先在旗县级接收：qiangshi decide accept {} --level county。",
    ("accept", "explained"): "请先在旗县级接收：qiangshi decide accept {} --level county。",
    (
        "accept",
        "accepted_county",
    ): "下一步：qiangshi decide accept {} --level city。",
    ("accept", "accepted_city"): "它已经接收，下一夜纳入发布，不必再接收。",
    ("accept", "published"): "它已经接收并纳入发布，不必再接收。",
    ("accept", "returned"): "要撤销退回，先 qiangshi decide accept {} --level county。",
    ("accept", "superseded"): "要改回这一版，先 qiangshi decide accept {} --level county。",
}
"""What a steward does next, by verb and state; without a verb, for every verb."""


class DecisionRefused(WarehouseError):
    """A steward's decision that breaks a rule of the review; nothing was written."""


class DecisionConflict(DecisionRefused):
    """Somebody decided first on what a steward had before their eyes; nothing was written."""

    def __init__(
        self, subject_zh: str, verb: str, author: str, at: datetime, further: int = 0
    ) -> None:
        """Say who was first on what, with which verb and when, and how many acts followed."""
        more = f"，此后又有 {further} 次处理" if further else ""
        act = said({**MOVE_ZH, **VERB_ZH}, verb)
        super().__init__(
            f"{subject_zh}已由“{author}”于 {at:%Y-%m-%d %H:%M:%S} 处理（{act}）{more}；"
            "本次处理未写入，请刷新后按最新情况再处理。"
        )
        self.verb = verb
        self.first_author = author
        self.first_at = at


class PeriodClosed(DecisionRefused):
    """A decision that would change a figure of a period that is closed (封库)."""

    def __init__(self, city_code: str, form_code: str, period_code: str) -> None:
        """Name the city, form and period."""
        subject = f"{city_code}.{form_code}.{period_code}"
        super().__init__(
            f"{city_code} 的报表 {form_code} {period_code} 已封库，不能改动已定的数；"
            f"确需补报或更正的，先开封：qiangshi decide reopen {subject}"
            " --reason 理由 --release-name 发布名称。"
        )
        self.city_code = city_code
        self.form_code = form_code
        self.period_code = period_code


class NotConfirmed(DecisionRefused):
    """A correction or a 代录 that nobody of the reporting unit has confirmed."""

    def __init__(self, identity: str, what_zh: str = "更正") -> None:
        """Name it."""
        is_correction = what_zh == "更正"
        super().__init__(
            f"{what_zh}“{identity}”尚未经填报单位确认，不能{'批准' if is_correction else '接收'}；"
            f"由填报单位账户确认（qiangshi decide confirm {identity}）"
            f"{'，或附盖章表重新提出' if is_correction else ''}。"
        )
        self.identity = identity


class SelfConfirmation(DecisionRefused):
    """Who entered or proposed a figure tried to confirm it for the reporting unit."""

    def __init__(self, identity: str, author: str) -> None:
        """Name what was to be confirmed, and the account."""
        super().__init__(f"“{identity}”由“{author}”录入或提出，须由填报单位另一账户确认。")
        self.author = author


class CorrectionsOff(DecisionRefused):
    """A correction where the city has switched them off."""

    def __init__(self, submission_id: str) -> None:
        """Name the submission."""
        super().__init__(
            f"本市规定不代为更正：报送件“{submission_id}”请退回填报单位改正后重新报送"
            f"（qiangshi decide return {submission_id}）。"
        )
        self.submission_id = submission_id


class NothingToUndo(DecisionRefused):
    """An undo where the last move is none that a person's verb made."""


class LedgerBusy(WarehouseError):
    """Another writer held the ledger too long; nothing was written."""

    def __init__(self, waited_seconds: float) -> None:
        """Say how long we waited."""
        super().__init__(
            f"台账正由他人写入，已等待 {waited_seconds:.0f} 秒；本次处理未写入，请稍后重试。"
        )
        self.waited_seconds = waited_seconds


class ExplanationRefused(DecisionRefused):
    """An explanation that says nothing."""

    def __init__(self, text: str, minimum: int) -> None:
        """Keep the text refused."""
        super().__init__(
            f"说明“{text}”不能接受：请写明具体原因，不得只写套话，且不少于 {minimum} 个字。"
        )
        self.text = text


class SelfApproval(DecisionRefused):
    """The author of a correction tried to approve it."""

    def __init__(self, author: str) -> None:
        """Name the author."""
        super().__init__(f"更正由“{author}”提出，须由另一账户批准。")
        self.author = author


class OpenFindings(DecisionRefused):
    """An acceptance while findings stand in the way."""

    SHOWN = 5
    _WAYS = (
        ("blocking", "强制性的须由填报单位改正后重新报送"),
        (
            "quasi_blocking",
            "准强制性的须改正，或附证明说明（qiangshi decide explain {} --evidence 文件）",
        ),
        (
            "verify",
            "核实性的须改正，或说明原因（qiangshi decide explain {} --rule 规则 --reason 理由）",
        ),
    )

    def __init__(
        self, submission_id: str, counts: dict[str, int], findings: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Name the submission, the open findings by severity, and the findings, gravest first."""
        listed = "；".join(
            f"【{said(SEVERITY_ZH, one['severity_code'])}】规则 {one['rule_id']}"
            f"{' ' + one['cell'] if one['cell'] else ''} {one['message_zh']}"
            for one in findings[: self.SHOWN]
        )
        more = f"；……共 {len(findings)} 条" if len(findings) > self.SHOWN else ""
        ways = "；".join(way.format(submission_id) for code, way in self._WAYS if counts.get(code))
        super().__init__(
            f"报送件“{submission_id}”尚有未处理的问题"
            f"（{tally(counts, SEVERITY_ZH)} 条），不能接收。"
            + (f"{listed}{more}。" if listed else "")
            + f"下一步：{ways}。"
        )
        self.submission_id = submission_id
        self.counts = counts


class NoRelease(WarehouseError):
    """Nothing has been published, or not under this id."""

    def __init__(self, wanted: str | None = None) -> None:
        """Name the release asked for, if one was."""
        super().__init__(
            f"没有发布版本“{wanted}”。"
            if wanted
            else "尚未发布任何版本，请先运行 qiangshi nightly。"
        )
        self.wanted = wanted


class ManifestBroken(WarehouseError, ValueError):
    """A manifest is there and is no JSON, or not whole."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        super().__init__(f"清单“{path}”已损坏，读不出来；请从备份恢复这一个文件。")
        self.path = path


class ThinnedRelease(NoRelease):
    """The release was thinned: its manifest and definitions are kept, its figures are not."""

    def __init__(self, release_id: str, thinned_on: str, instead: str | None) -> None:
        """Name the release, the day it was thinned, and the next one that is kept."""
        stands = f"可看其后保留的 {instead}" if instead else "其后没有保留的版本"
        WarehouseError.__init__(
            self,
            f"发布版本“{release_id}”已于 {thinned_on} 精简，只留清单和指标定义；{stands}。",
        )
        self.wanted = release_id
        self.thinned_on, self.instead = thinned_on, instead


class OfficialStands(WarehouseError):
    """An official release asked for where only one of a night's can stand."""

    def __init__(self, release_id: str) -> None:
        """Name the release."""
        super().__init__(
            f"{release_id} 是一个城市的正式发布，不能作为数据集市的当前发布；请写夜间发布的发布号。"
        )
        self.release_id = release_id


class UnknownTarget(WarehouseError):
    """A plan, target or period that the release does not hold."""

    def __init__(self, what_zh: str, code: str) -> None:
        """Name the kind of thing and its code."""
        super().__init__(f"发布数据中没有{what_zh}“{code}”。")
        self.code = code


class ReleaseBroken(WarehouseError):
    """A release built aside failed a check of its own file; nothing was published."""


class ReleaseUnwritten(WarehouseError):
    """The disk would not take the release: full, over its quota, or gone."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the place and what the system said."""
        super().__init__(
            f"发布文件写不下去（{path}）：{reason}。已发布的数据不受影响；腾出空间后下次夜间运行会补上。"
        )
        self.path = path


class TargetRefused(WarehouseError):
    """A further place of publication is not there, or not ours to write to."""


class LockedTarget(WarehouseError):
    """The published file could not be replaced because a program holds it."""

    def __init__(self, path: Path, attempts: int) -> None:
        """Name the file and how often it was tried."""
        super().__init__(
            f"“{path}”被其他程序占用，尝试 {attempts} 次仍无法替换；"
            "新版本已保存在 releases 目录，下次夜间运行将自动补发。"
        )
        self.path = path
        self.attempts = attempts
