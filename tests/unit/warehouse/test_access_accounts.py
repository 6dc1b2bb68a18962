"""Accounts of persons, posts with dates, 三员分立, handovers and the auditor's record."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from sources.definitions import Definitions
from tests.unit.warehouse.access_builders import CHEAP, CITY, FIRST, MORNING, Office, person, post
from tests.unit.warehouse.builders import NOW
from warehouse.access import security_events
from warehouse.access.accounts import (
    add_account,
    end_post,
    grant_post,
    identity_of_login,
    listed,
    set_disabled,
)
from warehouse.access.assignments import (
    assign,
    assignees,
    explanation_key,
    hand_over,
    history,
    reminder_key,
)
from warehouse.access.demo import PASSWORD, demo_accounts, make_demo_accounts
from warehouse.access.errors import (
    AccountRefused,
    FirstPasswordStands,
    Forbidden,
    PasswordRefused,
    UnknownAccount,
)
from warehouse.access.offices import declare_small_office, is_small_office, small_offices_in
from warehouse.access.roles import HANDLING, ROLES, THREE_OFFICES
from warehouse.access.scope import Post
from warehouse.access.tables import accounts
from warehouse.access.tables import security_events as written
from warehouse.ledger.engine import writing
from warehouse.ledger.tables import standing_explanations
from warehouse.ledger.verbs import explain
from warehouse.workspace import mark_kind

TODAY = MORNING.date()
ANY_PAIR = [pair for pair in combinations(ROLES, 2) if set(pair) & set(THREE_OFFICES)]


@pytest.fixture
def office(ledger) -> Office:
    return Office(ledger.engine)


def give(office: Office, login: str, one: Post) -> int:
    return grant_post(office.engine, login, one, author="root", now=office.clock())


def told(office: Office) -> list[tuple[str, str, str | None, str]]:
    asked = select(written.c.act, written.c.author, written.c.subject, written.c.detail_zh)
    with office.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(asked.order_by(written.c.event_order))]


@pytest.mark.parametrize(("first", "second"), [*ANY_PAIR, *[(b, a) for a, b in ANY_PAIR]])
def test_no_account_holds_one_of_the_three_offices_beside_another_post(
    office: Office, first: str, second: str
) -> None:
    assert len(ANY_PAIR) == 3 + 3 * len(HANDLING)
    office.add("li", post(first))
    with pytest.raises(AccountRefused, match="三员分立"):
        give(office, "li", post(second))


def test_the_three_offices_may_be_held_one_after_the_other(office: Office) -> None:
    office.add("li", post("auditor", ends_on=date(2026, 3, 1)))
    give(office, "li", post("system_administrator", starts_on=date(2026, 3, 1)))
    with pytest.raises(AccountRefused, match="三员分立"):
        give(office, "li", post("security_administrator", starts_on=date(2026, 2, 28)))


def test_one_person_may_file_for_two_units_and_steward_a_city(office: Office) -> None:
    office.add("li", post("reporter"), Post("reporter", CITY, "150403"), post("city_steward"))
    assert len(identity_of_login(office.engine, "li", (), TODAY).posts) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        Post("reporter", CITY),
        Post("reporter"),
        Post("city_steward", CITY, "150402"),
        Post("city_steward"),
        Post("auditor", CITY),
        Post("owner", CITY),
        Post("auditor", starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 2)),
    ],
)
def test_a_post_without_its_place_or_days_is_refused(office: Office, wrong: Post) -> None:
    office.add("li")
    with pytest.raises(AccountRefused):
        give(office, "li", wrong)
    assert identity_of_login(office.engine, "li", (), TODAY).posts == ()


def test_the_same_post_is_not_held_twice_and_ends_on_its_day(office: Office) -> None:
    office.add("li", post("reporter"))
    with pytest.raises(AccountRefused, match="已任"):
        give(office, "li", post("reporter", starts_on=date(2026, 6, 1)))
    end_post(
        office.engine, "li", post("reporter"), ends_on=TODAY, author="root", now=office.clock()
    )
    assert identity_of_login(office.engine, "li", (), TODAY - timedelta(days=1)).posts
    assert not identity_of_login(office.engine, "li", (), TODAY).posts
    with pytest.raises(AccountRefused, match="没有在任的岗位"):
        end_post(
            office.engine, "li", post("reporter"), ends_on=TODAY, author="root", now=office.clock()
        )


@pytest.mark.parametrize("login", ["", "李", "a", "a b", "-li", "x" * 80, "li';--"])
def test_a_login_that_cannot_be_typed_everywhere_is_refused(office: Office, login: str) -> None:
    with pytest.raises(AccountRefused):
        office.add(login)


def test_a_login_is_taken_whatever_its_case(office: Office) -> None:
    office.add("li")
    with pytest.raises(AccountRefused, match="已被使用"):
        office.add("LI")


def test_a_first_password_is_made_up_and_one_that_is_given_keeps_the_rules(office: Office) -> None:
    words = {"author": "root", "now": MORNING, "hasher": CHEAP}
    one = add_account(office.engine, "li", "李某", **words)
    two = add_account(office.engine, "wang", "王某", **words)
    assert one != two
    assert len(one or "") == 19
    with pytest.raises(PasswordRefused):
        add_account(office.engine, "sun", "孙某", password="sun", **words)
    with pytest.raises(AccountRefused, match="姓名"):
        add_account(office.engine, "sun", " ", **words)
    assert [row["login"] for row in listed(office.engine)] == ["li", "wang"]
    assert not any("hash" in name for name in listed(office.engine)[0])


def test_a_disabled_account_cannot_act_by_file_or_command(office: Office) -> None:
    office.add("li")
    set_disabled(office.engine, "li", is_disabled=True, author="root", now=MORNING)
    with pytest.raises(AccountRefused, match="停用"):
        identity_of_login(office.engine, "li", (), TODAY)
    set_disabled(office.engine, "li", is_disabled=False, author="root", now=MORNING)
    assert identity_of_login(office.engine, "li", (), TODAY).login == "li"
    with pytest.raises(UnknownAccount):
        identity_of_login(office.engine, "nobody", (), TODAY)


def test_a_handover_moves_what_is_open_and_leaves_what_was_decided(ledger, office: Office) -> None:
    office.add("li", post("city_steward"))
    office.add("wang")
    submission_id = ledger.passed()
    decided, open_one = ledger.find(submission_id, "verify", "verify")
    explain(
        ledger.engine, submission_id, author="li", at=NOW, text="因国家局集中授权，本月数量较多",
        finding_ids=[decided],
    )  # fmt: skip
    live, ended = (explanation_key("150402", "M1", rule, "patents") for rule in ("R1", "R2"))
    for rule, until in (("R1", date(2027, 1, 1)), ("R2", date(2026, 1, 1))):
        _stand(ledger, submission_id, rule, until)
    owed = reminder_key("150402", "M1", "2026-01")
    for kind, keys in (
        ("finding", [decided, open_one]), ("explanation", [live, ended]), ("reminder", [owed]),
    ):  # fmt: skip
        assign(ledger.engine, kind, keys, "li", author="li", now=MORNING)

    moved = hand_over(
        ledger.engine, "li", "wang", on=TODAY, author="root", now=MORNING, reason="轮岗"
    )

    assert moved == {"post": 1, "finding": 1, "explanation": 1, "reminder": 1}
    assert assignees(ledger.engine, "finding") == {decided: "li", open_one: "wang"}
    assert assignees(ledger.engine, "explanation") == {live: "wang", ended: "li"}
    assert assignees(ledger.engine, "reminder") == {owed: "wang"}
    assert [one["login"] for one in history(ledger.engine, "finding", open_one)] == ["li", "wang"]
    assert [post.role_code for post in identity_of_login(ledger.engine, "wang", (), TODAY).posts]
    assert not identity_of_login(ledger.engine, "li", (), TODAY).posts
    assert identity_of_login(ledger.engine, "li", (), TODAY - timedelta(days=1)).posts
    act, author, subject, detail = told(office)[-1]
    assert (act, author, subject) == ("handover", "root", "li")
    assert detail == (
        "交给 wang，自 2026-03-02 起：岗位 1 项、问题 1 项、长期说明 1 项、催报 1 项。轮岗"
    )


def _stand(ledger, submission_id: str, rule: str, until: date) -> None:
    with writing(ledger.engine) as connection:
        connection.execute(
            insert(standing_explanations).values(
                unit_code="150402", form_code="M1", rule_id=rule, element_code="patents",
                standing_order=1, submission_id=submission_id, from_period_code="2025-12",
                valid_until=until, author="li", approved_at=NOW, recorded_at=NOW,
                reason_text="辖区只有一家机构",
            )
        )  # fmt: skip


def test_a_handover_to_one_who_was_sworn_in_already_moves_the_rest(office: Office) -> None:
    office.add("li", post("city_steward"))
    office.add("wang", post("city_steward"))
    moved = hand_over(office.engine, "li", "wang", on=TODAY, author="root", now=MORNING)
    assert moved["post"] == 1
    assert len(identity_of_login(office.engine, "wang", (), TODAY).posts) == 1


@pytest.mark.parametrize(
    ("coming", "words"), [("li", "同一账户"), ("off", "停用"), ("boss", "三员")]
)
def test_a_handover_that_cannot_be_leaves_everything(
    office: Office, coming: str, words: str
) -> None:
    office.add("li", post("city_steward"))
    office.add("off")
    set_disabled(office.engine, "off", is_disabled=True, author="root", now=MORNING)
    office.add("boss", post("auditor"))
    with pytest.raises(AccountRefused, match=words):
        hand_over(office.engine, "li", coming, on=TODAY, author="root", now=MORNING)
    assert len(identity_of_login(office.engine, "li", (), TODAY).posts) == 1


def test_an_assignment_to_nobody_and_of_an_unknown_kind(office: Office) -> None:
    office.add("li")
    assign(office.engine, "finding", ["f1", "f1"], "li", author="li", now=MORNING)
    assign(office.engine, "finding", ["f1"], None, author="li", now=MORNING)
    assert assignees(office.engine, "finding") == {}
    with pytest.raises(AccountRefused):
        assign(office.engine, "figure", ["f1"], "li", author="li", now=MORNING)
    with pytest.raises(UnknownAccount):
        assign(office.engine, "finding", ["f1"], "nobody", author="li", now=MORNING)


@pytest.mark.parametrize("role", ROLES)
def test_security_acts_are_the_auditors_to_read_and_nobody_elses(office: Office, role: str) -> None:
    office.add("li", post("reporter"))
    if role == "auditor":
        rows, total = security_events.read(office.engine, person(role), limit=1)
        assert (total, [row["act_zh"] for row in rows]) == (2, ["任命岗位"])
        with pytest.raises(FirstPasswordStands):
            security_events.read(office.engine, person(role, must_change=True))
        return
    with pytest.raises(Forbidden):
        security_events.read(office.engine, person(role))


@pytest.mark.parametrize("table", ["security_events", "assignments", "small_offices"])
@pytest.mark.parametrize("act", ["update {} set author = 'x'", "delete from {}"])
def test_what_was_recorded_can_neither_be_changed_nor_removed(
    office: Office, table: str, act: str
) -> None:
    office.add("li")
    assign(office.engine, "finding", ["f1"], "li", author="li", now=MORNING)
    _declare(office)
    with pytest.raises(DBAPIError, match="append-only"), writing(office.engine) as connection:
        connection.exec_driver_sql(act.format(table))


def _declare(office: Office, **changes: object) -> int:
    words: dict[str, object] = {
        "author": "root", "at": NOW, "reason": "编制三人", "starts_on": TODAY, "ends_on": None,
    }  # fmt: skip
    return declare_small_office(office.engine, CITY, **(words | changes))  # type: ignore[arg-type]


def test_a_small_office_holds_from_its_day_until_taken_back(office: Office) -> None:
    _declare(office)
    with office.engine.connect() as connection:
        days = [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=400)]
        assert [is_small_office(connection, CITY, day) for day in days] == [False, True, True]
        assert not is_small_office(connection, "150600", TODAY)
        assert small_offices_in(connection, TODAY)[0]["reason_text"] == "编制三人"
    assert _declare(office, ends_on=TODAY) == 2
    with office.engine.connect() as connection:
        assert small_offices_in(connection, TODAY) == []


@pytest.mark.parametrize("changes", [{"reason": " "}, {"ends_on": date(2026, 1, 1)}])
def test_a_declaration_without_reason_or_with_days_reversed_is_refused(
    office: Office, changes: dict[str, object]
) -> None:
    with pytest.raises(AccountRefused):
        _declare(office, **changes)


@pytest.mark.parametrize("is_synthetic", [False, None])
def test_demo_accounts_are_made_in_a_demo_workspace_only(settings, ledger, is_synthetic) -> None:
    if is_synthetic is False:
        mark_kind(settings, is_synthetic=False)
    wanted = demo_accounts([], [CITY])
    with pytest.raises(AccountRefused, match="演示工作区"):
        make_demo_accounts(settings, wanted, author="root", now=MORNING, hasher=CHEAP)
    with ledger.engine.connect() as connection:
        assert connection.execute(select(accounts)).first() is None


def test_demo_accounts_open_each_role_with_the_password_that_is_printed(settings, ledger) -> None:
    mark_kind(settings, is_synthetic=True)
    definitions = Definitions.load()
    wanted = demo_accounts([definitions.units["150402"], definitions.units["150602"]], [CITY])
    assert {one.role_code for one in wanted} == set(ROLES)
    words = {"author": "root", "now": MORNING, "hasher": CHEAP}
    assert make_demo_accounts(settings, wanted, **words) == len(wanted) == 7
    assert make_demo_accounts(settings, wanted, **words) == 0
    login = Office(ledger.engine).sessions.authenticate("reporter-150402", PASSWORD, address="x")
    assert login.identity.posts[0].unit_code == "150402"
    assert not login.must_change_password


def test_a_first_password_is_none_of_the_texts_that_could_be_guessed(office: Office) -> None:
    office.add("li", password=FIRST)
    with pytest.raises(PasswordRefused):
        office.add("sun", password="qiangshi-2026")
