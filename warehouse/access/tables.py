"""The tables of accounts, posts, sessions and security acts; they lie in the ledger's database.

Times here are the technical clock's, naive Asia/Shanghai; days of posts are days of that clock.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from warehouse.ledger.tables import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", String(32), primary_key=True),
    Column("login", String(64), nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("password_hash", Text),
    Column("must_change_password", Boolean, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("oidc_issuer", Text),
    Column("oidc_subject", String(255)),
    Column("created_at", DateTime, nullable=False),
    Column("password_changed_at", DateTime),
)

posts = Table(
    "posts",
    metadata,
    Column("post_id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("role_code", String(32), nullable=False),
    Column("city_code", String(32)),
    Column("unit_code", String(32)),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("granted_by", String(128), nullable=False),
    Column("granted_at", DateTime, nullable=False),
    Column("ended_by", String(128)),
    Column("ended_at", DateTime),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("csrf_secret", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("started_at", DateTime, nullable=False),
    Column("last_seen_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    Column("ended_how", String(16)),  # idle | expired | clock | logged_out | password | disabled
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("attempt_id", Integer, primary_key=True),
    Column("login_sha256", String(64), nullable=False, index=True),
    Column("address", String(64), nullable=False, index=True),
    Column("attempted_at", DateTime, nullable=False, index=True),
)

security_events = Table(
    "security_events",
    metadata,
    Column("event_order", Integer, primary_key=True),
    Column("act", String(32), nullable=False, index=True),
    Column("author", String(128), nullable=False),
    Column("subject", String(128)),
    Column("address", String(64)),
    Column("detail_zh", Text, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
)

assignments = Table(
    "assignments",
    metadata,
    Column("subject_kind", String(16), primary_key=True),  # finding | explanation | reminder
    Column("subject_key", String(255), primary_key=True),
    Column("assignment_order", Integer, primary_key=True),
    Column("login", String(64), index=True),
    Column("author", String(128), nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("reason_text", Text),
)

small_offices = Table(
    "small_offices",
    metadata,
    Column("unit_code", String(32), primary_key=True),
    Column("declaration_order", Integer, primary_key=True),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("author", String(128), nullable=False),
    Column("decided_at", DateTime, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("reason_text", Text, nullable=False),
)

oidc_logins = Table(
    "oidc_logins",
    metadata,
    Column("state_sha256", String(64), primary_key=True),
    Column("browser_sha256", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("code_verifier", String(64), nullable=False),
    Column("next_path", Text, nullable=False),
    Column("begun_at", DateTime, nullable=False),
)

Index("ix_accounts_login", accounts.c.login, unique=True)
Index("ix_accounts_oidc", accounts.c.oidc_issuer, accounts.c.oidc_subject, unique=True)
