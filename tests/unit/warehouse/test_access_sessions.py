"""Logging in and staying so: failures look alike, sessions end, a clock set back helps nobody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.unit.warehouse.access_builders import FIRST, SECOND, Office, post
from warehouse.access import throttle
from warehouse.access.accounts import reset_password, set_disabled
from warehouse.access.errors import (
    LoginFailed,
    LoginThrottled,
    PasswordRefused,
    SessionEnded,
)
from warehouse.access.scope import Place, may
from warehouse.access.security_events import ACTS
from warehouse.access.sessions import SessionLimits
from warehouse.access.tables import login_attempts, security_events, sessions

HOME = "192.0.2.1"
LIMITS = SessionLimits()


@pytest.fixture
def office(ledger) -> Office:
    office = Office(ledger.engine)
    office.add("li", post("city_steward"))
    return office


def log_in(office: Office, login: str = "li", password: str = FIRST, address: str = HOME):
    return office.sessions.authenticate(login, password, address=address)


def acts(office: Office) -> list[tuple[str, str]]:
    with office.engine.connect() as connection:
        asked = select(security_events.c.act, security_events.c.author)
        rows = connection.execute(asked.order_by(security_events.c.event_order))
        return [(act, author) for act, author in rows]


def end_of(office: Office, token: str) -> str:
    with pytest.raises(SessionEnded) as ended:
        office.sessions.identity_of(token)
    return ended.value.how


def test_a_login_opens_what_the_posts_allow(office: Office) -> None:
    login = log_in(office, " LI ")
    identity = office.sessions.identity_of(login.token)
    assert may(identity, "filings.read", Place("150400", "150402"))
    assert office.sessions.csrf_matches(login.token, login.csrf_secret)
    assert not office.sessions.csrf_matches(login.token, "伪造")


def test_neither_token_nor_password_lies_in_the_database(office: Office) -> None:
    login = log_in(office)
    with office.engine.connect() as connection:
        stored = str(connection.execute(select(sessions)).all())
    assert login.token not in stored
    assert login.token not in repr(login)


@pytest.mark.parametrize(
    ("login", "password"), [("li", "wrong-password"), ("wang", FIRST), ("off", FIRST), ("", "")]
)
def test_every_failure_says_the_same_after_one_hash(
    office: Office, login: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.add("off", post("reporter"))
    set_disabled(office.engine, "off", is_disabled=True, author="root", now=office.clock())
    hashed: list[str] = []
    doors = office.sessions
    real = doors.hasher.verify_and_update
    monkeypatch.setattr(
        doors.hasher,
        "verify_and_update",
        lambda text, stored: hashed.append(stored) or real(text, stored),
    )
    with pytest.raises(LoginFailed) as failed:
        doors.authenticate(login, password, address=HOME)
    assert failed.value.message_zh == "账户或密码不正确。"
    assert [text.split("$")[1:4] for text in hashed] == [["argon2id", "v=19", "m=8,t=1,p=1"]]


def test_what_was_typed_for_an_account_that_is_none_is_not_kept(office: Office) -> None:
    with pytest.raises(LoginFailed):
        log_in(office, "my-secret-password")
    assert acts(office)[-1] == ("login_failed", "未知账户")


@pytest.mark.parametrize("login", ["li", "nobody"])
def test_an_account_that_failed_too_often_waits_even_with_the_right_password(
    office: Office, login: str
) -> None:
    for number in range(throttle.PER_ACCOUNT):
        with pytest.raises(LoginFailed):
            log_in(office, login, "wrong-password", f"192.0.2.{number}")
    with pytest.raises(LoginThrottled, match="15 分钟"):
        log_in(office, login)
    assert acts(office)[-1][0] == "login_throttled"
    office.clock.move(minutes=16)
    if login == "li":
        assert log_in(office).identity.login == "li"


def test_an_address_that_failed_too_often_waits_and_others_do_not(office: Office) -> None:
    for number in range(throttle.PER_ADDRESS):
        with pytest.raises(LoginFailed):
            log_in(office, f"guess{number}", "wrong-password", "198.51.100.9")
    with pytest.raises(LoginThrottled):
        log_in(office, address="198.51.100.9")
    assert log_in(office).identity.login == "li"


def test_a_success_strikes_out_earlier_failures_and_the_table_does_not_grow(office: Office) -> None:
    for _ in range(throttle.PER_ACCOUNT - 1):
        with pytest.raises(LoginFailed):
            log_in(office, password="wrong-password")
    log_in(office)
    with office.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(login_attempts)).scalar() == 0


def test_an_attempt_counts_before_its_password_is_looked_at(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many at once must not slip by: while one is being hashed the others see it."""
    doors, seen = office.sessions, []

    def slow(text: str, stored: str) -> tuple[bool, None]:
        with office.engine.connect() as connection:
            seen.append(
                connection.execute(select(func.count(login_attempts.c.login_sha256))).scalar()
            )
        return False, None

    monkeypatch.setattr(doors.hasher, "verify_and_update", slow)
    with pytest.raises(LoginFailed):
        doors.authenticate("li", FIRST, address=HOME)
    assert seen == [1]


def test_a_storm_of_logins_is_looked_at_no_more_often_than_a_few_tries(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    doors, looked_at = office.sessions, []
    real = doors.hasher.verify_and_update

    def counted(text: str, stored: str) -> tuple[bool, str | None]:
        looked_at.append(text)
        return real(text, stored)

    monkeypatch.setattr(doors.hasher, "verify_and_update", counted)

    def attempt(number: int) -> str:
        try:
            doors.authenticate("li", f"wrong-password-{number}", address=f"192.0.2.{number}")
        except (LoginFailed, LoginThrottled) as error:
            return type(error).__name__
        return "opened"

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(attempt, range(24)))
    assert len(looked_at) == throttle.PER_ACCOUNT
    assert answers.count("LoginFailed") == throttle.PER_ACCOUNT
    assert answers.count("LoginThrottled") == 24 - throttle.PER_ACCOUNT


def test_a_session_ends_when_idle_and_lives_on_while_used(office: Office) -> None:
    token = log_in(office).token
    for _ in range(4):
        office.clock.moment += LIMITS.idle - timedelta(minutes=1)
        office.sessions.identity_of(token)
    office.clock.moment += LIMITS.idle
    assert end_of(office, token) == "idle"
    assert ("session_ended", "li") in acts(office)


def test_a_session_ends_at_its_limit_however_busy(office: Office) -> None:
    login = log_in(office)
    while office.clock.moment + timedelta(minutes=20) < login.expires_at:
        office.clock.move(minutes=20)
        office.sessions.identity_of(login.token)
    office.clock.move(minutes=20)
    assert end_of(office, login.token) == "expired"


def test_a_clock_set_back_ends_the_session(office: Office) -> None:
    token = log_in(office).token
    office.clock.move(hours=-1)
    assert end_of(office, token) == "clock"
    office.clock.move(hours=1)
    assert end_of(office, token) == "clock"


def test_small_steps_back_do_not_lengthen_a_session(office: Office) -> None:
    """A clock that is put back a little after each page still comes to the end."""
    token, lived = log_in(office).token, timedelta(0)
    pages = 0
    while pages < 2000:
        pages += 1
        office.clock.move(minutes=5)
        lived += timedelta(minutes=5)
        try:
            office.sessions.identity_of(token)
            office.clock.move(seconds=-4)
            office.sessions.identity_of(token)
        except SessionEnded:
            break
    assert lived <= LIMITS.absolute + timedelta(minutes=5)


def test_a_clock_that_leaps_ahead_ends_the_session(office: Office) -> None:
    token = log_in(office).token
    office.clock.move(days=400)
    assert end_of(office, token) == "expired"


def test_a_clock_set_back_by_years_does_not_lock_an_account_for_years(office: Office) -> None:
    for _ in range(throttle.PER_ACCOUNT):
        with pytest.raises(LoginFailed):
            log_in(office, password="wrong-password")
    office.clock.move(days=-3650)
    assert log_in(office).identity.login == "li"


def test_logging_out_ends_a_session_for_good(office: Office) -> None:
    token = log_in(office).token
    office.sessions.log_out(token)
    office.sessions.log_out(token)
    assert end_of(office, token) == "logged_out"
    assert [act for act, _ in acts(office)].count("logout") == 1


def test_an_account_disabled_is_out_at_once(office: Office) -> None:
    token = log_in(office).token
    set_disabled(office.engine, "li", is_disabled=True, author="root", now=office.clock())
    assert end_of(office, token) == "disabled"
    with pytest.raises(LoginFailed):
        log_in(office)


def test_a_token_that_never_was_is_no_session(office: Office) -> None:
    assert end_of(office, "x" * 43) == "unknown"


def test_a_first_password_must_be_changed_before_anything_else(office: Office) -> None:
    office.add("new", post("reporter"), settled=False)
    login = log_in(office, "new")
    place = Place("150400", "150402")
    assert login.must_change_password
    assert not may(login.identity, "filings.read", place)
    later = office.sessions.change_password(login.token, FIRST, SECOND)
    assert may(office.sessions.identity_of(later.token), "filings.read", place)
    assert end_of(office, login.token) == "password"
    with pytest.raises(LoginFailed):
        log_in(office, "new")


@pytest.mark.parametrize(
    "password", ["short", "a" * 12, "x" * 129, "li-li-li-ok-42", "Password-2026", FIRST]
)
def test_a_password_that_can_be_guessed_or_is_the_old_one_is_refused(
    office: Office, password: str
) -> None:
    token = log_in(office).token
    with pytest.raises(PasswordRefused):
        office.sessions.change_password(token, FIRST, password)
    assert office.sessions.identity_of(token).login == "li"


def test_a_stolen_session_cannot_try_the_old_password_for_ever(office: Office) -> None:
    token = log_in(office).token
    for _ in range(throttle.PER_ACCOUNT):
        with pytest.raises(LoginFailed):
            office.sessions.change_password(token, "wrong-password", SECOND)
    with pytest.raises(LoginThrottled):
        office.sessions.change_password(token, FIRST, SECOND)


def test_a_reset_lifts_the_lock_ends_sessions_and_asks_for_a_new_password(office: Office) -> None:
    token = log_in(office).token
    for _ in range(throttle.PER_ACCOUNT):
        with pytest.raises(LoginFailed):
            log_in(office, password="wrong-password")
    first = reset_password(office.engine, "li", author="root", now=office.clock())
    assert end_of(office, token) == "password"
    assert log_in(office, password=first).must_change_password


def test_every_act_that_is_recorded_has_words(office: Office) -> None:
    assert {act for act, _ in acts(office)} <= set(ACTS)
