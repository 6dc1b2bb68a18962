"""A new version mends findings of the one before; what it is worth is said and can be undone."""

from __future__ import annotations

from tests.unit.warehouse.builders import JAN_10, JAN_20, NOW
from warehouse.ledger import verbs
from warehouse.ledger.intake import settle
from warehouse.ledger.resubmissions import close_mended, compare, comparisons

LI = {"author": "li", "at": NOW}


def row(rule: str, element: str | None = None, cell: str | None = None) -> dict[str, str | None]:
    return {
        "finding_id": f"{rule}{element}{cell}",
        "rule_id": rule,
        "element_code": element,
        "sheet": "报表",
        "cell": cell,
    }


def judged(ledger, sha: str, *severities: str, at=JAN_10) -> str:
    submission_id = ledger.file(sha, at=at).submission_id
    ledger.find(submission_id, *severities)
    settle(ledger.engine, [submission_id])
    return submission_id


def compared(ledger, submission_id: str, answered: dict[str, str] | None = None):
    with ledger.engine.connect() as connection:
        return comparisons(connection, [submission_id], answered or {}).get(submission_id)


def test_findings_are_corrected_still_there_or_new_wherever_the_cell_has_moved() -> None:
    before = [row("V01", "a", "D8"), row("V02", "b", "D9"), row("S10", None, "F6")]
    now = [row("V02", "b", "D12"), row("C01", "a", "D8"), row("S10", None, "G6")]
    beside = compare("v1", before, now)
    assert [one["rule_id"] for one in beside.corrected] == ["V01", "S10"]
    assert beside.remaining == {"V02bD12"}
    assert beside.text_zh == "已更正 2 条，仍有 1 条，新出现 2 条。"


def test_a_version_is_compared_with_the_last_one_that_was_judged(ledger) -> None:
    judged(ledger, "a1", "blocking", "verify")
    ledger.file("b2", at=JAN_20, name="1.xlsx", refused=True)
    third = judged(ledger, "c3", "blocking", at=JAN_20)
    beside = compared(ledger, third)
    assert beside.before_id.endswith(".v1")
    assert beside.text_zh == "已更正 1 条，仍有 1 条，新出现 0 条。"


def test_a_first_version_and_one_that_was_not_judged_are_compared_with_nothing(ledger) -> None:
    first = judged(ledger, "a1", "verify")
    refused = ledger.file("b2", at=JAN_20, refused=True).submission_id
    assert compared(ledger, first) is None
    assert compared(ledger, refused) is None


def test_what_the_new_version_no_longer_has_is_marked_corrected_in_the_one_held_back(
    ledger,
) -> None:
    held = judged(ledger, "a1", "blocking", "verify")
    new = judged(ledger, "b2", "info", at=JAN_20)
    assert close_mended(ledger.engine, [new], {}) == 1
    # R0 stands in both versions, so only R1 is mended.
    assert ledger.finding_states(held) == ["open", "corrected"]
    assert close_mended(ledger.engine, [new], {}) == 0


def test_a_version_that_could_still_be_accepted_keeps_its_findings_in_the_way(ledger) -> None:
    passed = judged(ledger, "a1", "verify")
    new = judged(ledger, "b2", at=JAN_20)
    assert close_mended(ledger.engine, [new], {}) == 0
    assert ledger.finding_states(passed) == ["open"]


def test_a_version_that_could_not_be_read_mends_nothing(ledger) -> None:
    held = judged(ledger, "a1", "blocking")
    refused = ledger.file("b2", at=JAN_20, refused=True).submission_id
    assert close_mended(ledger.engine, [refused], {}) == 0
    assert ledger.finding_states(held) == ["open"]


def test_withdrawing_or_returning_the_new_version_opens_the_old_findings_again(ledger) -> None:
    held = judged(ledger, "a1", "blocking")
    for place, act in enumerate((verbs.return_, verbs.withdraw)):
        new = judged(ledger, f"b{place}", at=JAN_20)
        close_mended(ledger.engine, [new], {})
        assert ledger.finding_states(held) == ["corrected"]
        act(ledger.engine, new, reason="口径有误", **LI)
        assert ledger.finding_states(held) == ["open"]


def test_the_check_that_meets_a_mended_finding_again_opens_it(ledger) -> None:
    held = judged(ledger, "a1", "blocking")
    close_mended(ledger.engine, [judged(ledger, "b2", at=JAN_20)], {})
    ledger.find(held, "blocking")
    assert ledger.finding_states(held) == ["open"]


def test_a_returned_copy_mends_the_file_refused_without_identity(ledger) -> None:
    judged(ledger, "z0")
    refused = ledger.file("a1", period=None, refused=True).submission_id
    ledger.find(refused, "blocking")
    new = judged(ledger, "b2", at=JAN_20)
    beside = compared(ledger, new, {new: refused})
    assert beside.before_id == refused
    assert close_mended(ledger.engine, [new], {new: refused}) == 1
    assert ledger.finding_states(refused) == ["corrected"]


def test_two_clean_versions_are_said_to_be_clean() -> None:
    assert compare("v1", [], []).text_zh == "两版均未发现问题。"


def test_a_copy_of_another_units_answer_mends_nothing(ledger) -> None:
    other = ledger.file("a1", unit="150403", period=None, refused=True).submission_id
    ledger.find(other, "blocking")
    new = judged(ledger, "b2", at=JAN_20)
    assert compared(ledger, new, {new: other}) is None
    assert close_mended(ledger.engine, [new], {new: other}) == 0
