"""Every rule the readers judge has a file it lets pass and one it finds, and none is left out.

The files of the S rules are the corpus, where each is read or refused as its manifest says; what
of them is accepted is what the rules let pass. Releases (A) and the two kinds of workspace (S15)
have their files here. Each rule is also made wrong in one decision, and its file tells.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

import sources.authority_checks
import sources.senders
from expectations.rules import Rules
from sources.errors import SourceError, WorkspaceKindMismatch
from sources.submission_files import parse_forms, parse_submission
from tests.corpus.cases import Case, Refusal
from tests.corpus.test_corpus import MANIFEST
from tests.unit.expectations.reader_mutants import READER_MUTANTS, Mutant
from tests.unit.sources.builders import SHEET, as_csv, small_definitions
from tests.unit.sources.test_authority import _changed, _parsed, _release, _swapped, _with_shares

RELEASES: dict[str, Callable[[], list[list[object]]]] = {
    "A01": lambda: _changed(3, "count", 9),
    "A02": lambda: _changed(1, "count", 4),
    "A03": _swapped,
    "A04": lambda: _with_shares({("发明", "职务"): "76%"}),
}
MUTANTS: dict[str, tuple[str, object]] = {
    "A01": ("TOTAL_ZH", "没有的合计"),
    "A02": ("TOTAL_ZH", "没有的合计"),
    "A03": ("REGION", "没有的级别"),
    "A04": ("_totals_above", lambda key: ()),
}
"""What is made wrong in the checks of a release so that the fault gets through."""


def _found_by_the_corpus() -> set[str]:
    found = set()
    for case in MANIFEST:
        for form in case.forms:
            found |= {form.error.rule_id} if isinstance(form, Refusal) else set(form.notes)
    return found


def test_every_rule_of_the_readers_has_a_file_it_finds(rules: Rules) -> None:
    asked = {rule.rule_id for rule in rules.of_stage("reader")}
    assert asked == _found_by_the_corpus() | set(RELEASES) | {"S15"}
    assert set(MUTANTS) == set(RELEASES)
    assert asked == set(READER_MUTANTS) | set(MUTANTS) | {"S15"}


def test_most_files_pass_every_rule_of_the_readers() -> None:
    assert any(case.is_accepted and not any(form.notes for form in case.forms
               if not isinstance(form, Refusal)) for case in MANIFEST)  # fmt: skip


def test_a_sound_release_passes_every_rule_of_releases() -> None:
    shares: dict[tuple[str, str], object] = {("发明", "职务"): "75%"}
    assert _parsed(_release()).checks == ()
    assert _parsed(_with_shares(shares)).checks == ()


@pytest.mark.parametrize("rule_id", sorted(RELEASES))
def test_an_unsound_release_is_found_by_its_rule(rule_id: str) -> None:
    assert rule_id in {check.rule_id for check in _parsed(RELEASES[rule_id]()).checks}


@pytest.mark.parametrize("rule_id", sorted(RELEASES))
def test_the_rule_made_wrong_misses_the_unsound_release(
    rule_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, wrong = MUTANTS[rule_id]
    monkeypatch.setattr(sources.authority_checks, name, wrong)
    assert rule_id not in {check.rule_id for check in _parsed(RELEASES[rule_id]()).checks}


def test_a_filing_is_of_its_own_kind_of_workspace() -> None:
    data, definitions = as_csv(SHEET), small_definitions()
    assert parse_submission(data, "表.csv", "900101", definitions, False).values.height > 0
    with pytest.raises(WorkspaceKindMismatch) as refused:
        parse_submission(data, "表.csv", "900101", definitions, True)
    assert refused.value.rule_id == "S15"


def test_the_kind_of_workspace_made_no_matter_lets_the_filing_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Mutant(
        "", sources.senders.check_identity, "identity.is_synthetic != workspace_is_synthetic",
        "False",
    ).put_in(monkeypatch)  # fmt: skip
    data, definitions = as_csv(SHEET), small_definitions()
    assert parse_submission(data, "表.csv", "900101", definitions, True).values.height > 0


def _case(name: str) -> Case:
    (case,) = [case for case in MANIFEST if case.name == name]
    return case


def _rules_said_of(case: Case) -> set[str | None]:
    """Every rule the readers say of a file; None for one they cannot even judge."""
    said: set[str | None] = set()
    try:
        forms = parse_forms(case.build(), case.file_name, "900101", small_definitions(), False)
    except SourceError as error:
        return {error.rule_id}
    except (LookupError, AttributeError, TypeError, ValueError):
        # What the rule held back may break what comes after it.
        return {None}
    for form in forms:
        said |= (
            {form.rule_id} if isinstance(form, SourceError)
            else {check.rule_id for check in form.checks}
        )  # fmt: skip
    return said


@pytest.mark.parametrize("rule_id", sorted(READER_MUTANTS))
def test_a_rule_of_the_readers_made_wrong_misses_its_file(
    rule_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = READER_MUTANTS[rule_id]
    assert rule_id in _rules_said_of(_case(mutant.case))
    mutant.put_in(monkeypatch)
    assert rule_id not in _rules_said_of(_case(mutant.case))
