"""The workspace itself: its folders, its settings file, and whether it is synthetic or real."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from warehouse.clock import technical_now
from warehouse.errors import WorkspaceKindConflict, WorkspaceMissing
from warehouse.lease import night_lease
from warehouse.ledger.engine import create_ledger, open_ledger, writing
from warehouse.ledger.tables import workspace_facts
from warehouse.settings import Settings

__all__ = ["init", "is_synthetic", "mark_kind", "mark_kind_in", "night_lease", "set_demo"]

DEMO_DAY = date(2026, 1, 31)
"""The demo workspace's business day: every form of 2025 is due."""

PROJECT_ROOT = Path(__file__).resolve().parents[1]

_SYNTHETIC = "is_synthetic"
_TOML = """\
# 强市（Qiangshi）工作区设置。环境变量优先于本文件；去掉行首的 # 即生效。

# 台账数据库（环境变量 QIANGSHI_LEDGER_URL）；默认是本工作区的 ledger.sqlite。
# ledger_url = "postgresql+psycopg://用户@主机/数据库"

# 叠加的定义表目录（QIANGSHI_DEFINITIONS）；相对路径以本工作区为起点。
# definitions = "definitions"

# 本工作区服务的城市代码（QIANGSHI_CITIES）；默认全部。
# cities = ["000000"]

# 业务日期（QIANGSHI_CLOCK），取当日结束时刻；默认为当前时间。
# clock = 2026-01-31

# 渠道的凭据目录（QIANGSHI_SECRETS），默认本工作区的 secrets/；文件须 chmod 600。
# secrets = "secrets"

# 已核对的 SFTP 主机密钥（QIANGSHI_KNOWN_HOSTS），默认凭据目录中的 known_hosts。
# known_hosts = "secrets/known_hosts"

# 服务器证书的签发机构（QIANGSHI_CA_FILE）；默认用系统信任的机构。
# ca_file = "secrets/ca.pem"

# 工作台前面的反向代理地址（QIANGSHI_TRUSTED_PROXIES）；只采信这些地址转来的 X-Forwarded-*。
# trusted_proxies = ["127.0.0.1"]

# 统一身份登录（QIANGSHI_OIDC_ISSUER、QIANGSHI_OIDC_REDIRECT_URI）；默认只用账户和密码。
# 客户端编号和密钥写在凭据目录的 oidc.toml：user、password。
# oidc_issuer = "https://id.example.cn"
# oidc_redirect_uri = "https://qiangshi.example.cn/oidc/back"

# 每次发布后是否写出工作簿、CSV、报告（QIANGSHI_EXPORTS）：on 或 off，默认 on。
# exports = "on"

# 每次发布另送的目录（QIANGSHI_PUBLISH_DIRS）、PostgreSQL 库（QIANGSHI_PUBLISH_POSTGRES）。
# publish_dirs = ["/mnt/share/marts"]
# publish_postgres = "postgresql://用户:密码@主机/数据库"

# 发布后各市通报发往哪里（QIANGSHI_NOTICES），默认 secrets/notices.toml；没有这个文件就只写成文本。
# notices = "secrets/notices.toml"
"""


def init(settings: Settings) -> list[Path]:
    """What was created: folders, settings file, ledger, Dagster's home; nothing is overwritten."""
    created = []
    folders = (
        settings.home,
        settings.inbox,
        settings.outbox,
        settings.raw,
        settings.work,
        settings.definitions_dir,
        settings.dagster_home,
        settings.published,
        settings.releases,
        settings.exports,
    )
    for folder in folders:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            created.append(folder)
    if not settings.toml_path.exists():
        settings.toml_path.write_text(_TOML, encoding="utf-8")
        created.append(settings.toml_path)
    source, target = PROJECT_ROOT / "dagster.yaml", settings.dagster_home / "dagster.yaml"
    if source.is_file() and not target.exists():
        shutil.copyfile(source, target)
        created.append(target)
    create_ledger(settings).dispose()
    return created


def set_demo(settings: Settings) -> Settings:
    """Makes the workspace a synthetic one with the demo's business day in its settings file.

    A clock the user has set there or in the environment stays.

    Raises:
        WorkspaceKindConflict: the workspace is a real one.
    """
    init(settings)
    mark_kind(settings, is_synthetic=True)
    text = settings.toml_path.read_text(encoding="utf-8")
    if not re.search(r"(?m)^\s*clock\s*=", text):
        line = f"clock = {DEMO_DAY.isoformat()}"
        text, found = re.subn(r"(?m)^# clock = .*$", line, text, count=1)
        settings.toml_path.write_text(text if found else f"{text}\n{line}\n", encoding="utf-8")
    return settings if settings.clock_day else settings.on(_stored_day(settings))


def lay_definitions(settings: Settings, folder: Path) -> None:
    """Names a folder of the workspace as its overlay of definitions, in its settings file."""
    text = settings.toml_path.read_text(encoding="utf-8")
    line = f'definitions = "{folder.relative_to(settings.home).as_posix()}"'
    text, found = re.subn(r"(?m)^(# )?definitions = .*$", line, text, count=1)
    settings.toml_path.write_text(text if found else f"{text}\n{line}\n", encoding="utf-8")


def is_synthetic(settings: Settings) -> bool | None:
    """Whether the workspace is synthetic; None before its first use, or without a workspace."""
    try:
        engine = open_ledger(settings)
    except WorkspaceMissing:
        return None
    try:
        with engine.connect() as connection:
            return _kind(connection)
    finally:
        engine.dispose()


def mark_kind(settings: Settings, is_synthetic: bool) -> None:
    """Settles at the first use, for ever, what the workspace is.

    Raises:
        WorkspaceKindConflict: it is the other kind already.
    """
    engine = open_ledger(settings)
    try:
        mark_kind_in(engine, is_synthetic)
    finally:
        engine.dispose()


def mark_kind_in(engine: Engine, is_synthetic: bool) -> None:
    """`mark_kind` on an open ledger."""
    with writing(engine) as connection:
        kind = _kind(connection)
        if kind is None:
            connection.execute(
                insert(workspace_facts).values(
                    key=_SYNTHETIC,
                    value="true" if is_synthetic else "false",
                    recorded_at=technical_now(),
                )
            )
        elif kind is not is_synthetic:
            raise WorkspaceKindConflict(workspace_is_synthetic=kind)


def _kind(connection: Connection) -> bool | None:
    value = connection.execute(
        select(workspace_facts.c.value).where(workspace_facts.c.key == _SYNTHETIC)
    ).scalar()
    return None if value is None else value == "true"


def _stored_day(settings: Settings) -> date | None:
    return Settings.load(settings.home, environ={}).clock_day
