"""Where the workspace lies and how it is run: environment, else `workspace.toml`, read on call.

Nothing here touches the disk except reading `workspace.toml`; `workspace.py` creates folders.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from warehouse.clock import BusinessClock
from warehouse.errors import InvalidSetting

DEFAULT_HOME = Path("var")
PUBLISHED_FILE = "ip_marts.duckdb"


@dataclass(frozen=True)
class AudienceFolder:
    """A further folder that the file of one city for one audience is laid into."""

    folder: Path
    city_code: str
    audience_code: str


@dataclass(frozen=True)
class Settings:
    """One workspace's settings and paths; immutable for the length of a command."""

    home: Path
    ledger_url: str = field(repr=False)  # may hold a password
    definitions_overlay: Path | None = None
    cities: tuple[str, ...] = ()
    """Cities this workspace serves; empty means all."""
    clock_day: date | None = None
    credentials_folder: Path | None = None
    known_hosts_file: Path | None = None
    ca_file: Path | None = None
    publish_folders: tuple[Path, ...] = ()
    """Further folders that each release is laid into."""
    audience_folders: tuple[AudienceFolder, ...] = ()
    publish_postgres: str | None = field(default=None, repr=False)  # may hold a password
    """A PostgreSQL database that each release is handed to."""
    """Certificates of authorities that servers are trusted by; None for the system's."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies that the desk believes about who asks; none by default."""
    oidc_issuer: str | None = None
    """The city's own identity provider; None for logins by password only."""
    oidc_redirect_uri: str | None = None
    """The console's address to which that provider sends browsers back."""
    has_exports: bool = True
    """Whether a night writes workbook, texts and reports beside its release."""
    has_city_files: bool = True
    """Whether it writes a file per city and audience; never where it writes no exports."""
    notices_path: Path | None = None
    keep_days: int | None = None
    """For how many days every release of a night is kept, then the last of each month; None for
    ever."""

    @classmethod
    def load(
        cls,
        home: Path | str | None = None,
        *,
        day: date | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Settings:
        """The settings in force: argument, else environment, else workspace.toml, else default."""
        env = os.environ if environ is None else environ
        root = Path(home or env.get("QIANGSHI_HOME") or DEFAULT_HOME).expanduser().absolute()
        stored = _read_toml(root / "workspace.toml")

        def setting(variable: str, key: str) -> tuple[str, Any]:
            if env.get(variable):
                return variable, env[variable]
            found = stored.get(key)
            return f"workspace.toml: {key}", found if found is False else found or None

        _, ledger_url = setting("QIANGSHI_LEDGER_URL", "ledger_url")
        overlay_name, overlay = setting("QIANGSHI_DEFINITIONS", "definitions")
        cities_name, cities = setting("QIANGSHI_CITIES", "cities")
        clock_name, clock = setting("QIANGSHI_CLOCK", "clock")
        secrets = setting("QIANGSHI_SECRETS", "secrets")
        known_hosts = setting("QIANGSHI_KNOWN_HOSTS", "known_hosts")
        ca_name, ca_file = setting("QIANGSHI_CA_FILE", "ca_file")
        notices = setting("QIANGSHI_NOTICES", "notices")
        proxies_name, proxies = setting("QIANGSHI_TRUSTED_PROXIES", "trusted_proxies")
        exports = _switch(*setting("QIANGSHI_EXPORTS", "exports"), default=True)
        city_files = _switch(*setting("QIANGSHI_CITY_FILES", "city_files"), default=True)
        folders = _paths(*setting("QIANGSHI_PUBLISH_DIRS", "publish_dirs"), root)
        return cls(
            home=root,
            ledger_url=str(ledger_url or f"sqlite:///{root / 'ledger.sqlite'}"),
            definitions_overlay=_folder(overlay_name, overlay, root),
            cities=_codes(cities_name, cities),
            clock_day=day or _day(clock_name, clock),
            credentials_folder=_path(*secrets, root),
            known_hosts_file=_path(*known_hosts, root),
            oidc_issuer=_text(setting("QIANGSHI_OIDC_ISSUER", "oidc_issuer")[1]),
            oidc_redirect_uri=_text(setting("QIANGSHI_OIDC_REDIRECT_URI", "oidc_redirect_uri")[1]),
            publish_folders=tuple(path for path in folders if _of_audience(path) is None),
            audience_folders=tuple(filter(None, map(_of_audience, folders))),
            publish_postgres=_postgres(*setting("QIANGSHI_PUBLISH_POSTGRES", "publish_postgres")),
            ca_file=_existing(ca_name, _path(ca_name, ca_file, root)),
            notices_path=_path(*notices, root),
            trusted_proxies=_addresses(proxies_name, proxies),
            keep_days=keep_days_of(*setting("QIANGSHI_KEEP_RELEASES", "keep_releases")),
            has_exports=exports,
            has_city_files=exports and city_files,
        )

    def on(self, day: date | None) -> Settings:
        """The same settings with the business clock on `day` (unchanged when None)."""
        return self if day is None else replace(self, clock_day=day)

    def serves(self, city_code: str) -> bool:
        """Whether this workspace serves the city."""
        return not self.cities or city_code in self.cities

    @property
    def clock(self) -> BusinessClock:
        """The business clock."""
        return BusinessClock(self.clock_day)

    @property
    def toml_path(self) -> Path:
        """The workspace's own settings file."""
        return self.home / "workspace.toml"

    @property
    def inbox(self) -> Path:
        """Files dropped by reporting units."""
        return self.home / "inbox"

    @property
    def secrets(self) -> Path:
        """Credentials of channels, one file each, readable by nobody else."""
        return self.credentials_folder or self.home / "secrets"

    @property
    def known_hosts(self) -> Path:
        """Keys of the SFTP servers that somebody has vouched for."""
        return self.known_hosts_file or self.secrets / "known_hosts"

    @property
    def notices_file(self) -> Path:
        """Where notices of a release are sent to."""
        return self.notices_path or self.secrets / "notices.toml"

    @property
    def outbox(self) -> Path:
        """Receipts and annotated workbooks."""
        return self.home / "outbox"

    @property
    def raw(self) -> Path:
        """Received bytes by content hash."""
        return self.home / "raw"

    @property
    def work(self) -> Path:
        """What only the pipeline opens."""
        return self.home / "work"

    @property
    def warehouse_db(self) -> Path:
        """The private warehouse file."""
        return self.work / "warehouse.duckdb"

    @property
    def definitions_dir(self) -> Path:
        """The merged definition tables, as dbt reads them."""
        return self.work / "definitions"

    @property
    def dagster_home(self) -> Path:
        """Dagster's home."""
        return self.home / "dagster"

    @property
    def published(self) -> Path:
        """The folder BI opens."""
        return self.home / "published"

    @property
    def city_files(self) -> Path:
        """A folder per city and audience, each with the file that is theirs."""
        return self.published / "cities"

    @property
    def published_db(self) -> Path:
        """The published marts."""
        return self.published / PUBLISHED_FILE

    @property
    def published_manifest(self) -> Path:
        """What the published file is; written last."""
        return self.published / "manifest.json"

    @property
    def exports(self) -> Path:
        """What was handed out: one record per exported table."""
        return self.home / "exports"

    @property
    def releases(self) -> Path:
        """Published history."""
        return self.home / "releases"


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSetting("workspace.toml", str(error), "合法的 TOML 文件") from error


def _path(name: str, value: Any, root: Path) -> Path | None:
    """A path; a relative one in workspace.toml is relative to the workspace."""
    if not value:
        return None
    path = Path(str(value)).expanduser()
    return (root / path) if name.startswith("workspace.toml") else path.absolute()


def _paths(name: str, value: Any, root: Path) -> tuple[Path, ...]:
    """Several folders: a list in workspace.toml, else separated as the system separates paths."""
    parts = value if isinstance(value, list) else str(value or "").split(os.pathsep)
    found = (_path(name, str(part).strip(), root) for part in parts)
    return tuple(path for path in found if path is not None)


def _of_audience(path: Path) -> AudienceFolder | None:
    """What `DIR#<city_code>/<audience_code>` names; None of a plain folder."""
    found = re.fullmatch(r"(.+)#([0-9A-Za-z]{6,})/([0-9a-z_]+)", str(path))
    return AudienceFolder(Path(found[1]), found[2], found[3]) if found else None


def _postgres(name: str, value: Any) -> str | None:
    """A URL of PostgreSQL; the ledger's spelling of it, with the driver's name, is one too."""
    if not value:
        return None
    text = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql://", str(value))
    if not text.startswith("postgresql://"):
        raise InvalidSetting(name, "…", "postgresql://用户@主机/库 形式的地址")
    return text


def _folder(name: str, value: Any, root: Path) -> Path | None:
    path = _path(name, value, root)
    if path is not None and not path.is_dir():
        raise InvalidSetting(name, str(value), "一个存在的目录")
    return path


def _text(value: Any) -> str | None:
    return str(value).strip() or None if value else None


def _existing(name: str, path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise InvalidSetting(name, str(path), "一个存在的文件")
    return path


def _parts(value: Any) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else re.split(r"[,，;；\s|]+", str(value or ""))
    return tuple(str(part).strip() for part in parts if str(part).strip())


def _addresses(name: str, value: Any) -> tuple[str, ...]:
    """Networks and addresses; `*`, which would believe anybody, is none."""
    found = _parts(value)
    for text in found:
        try:
            ip_network(text, strict=False)
        except ValueError as error:
            raise InvalidSetting(name, text, "以逗号分隔的 IP 地址或网段") from error
    return found


def _switch(name: str, value: Any, *, default: bool) -> bool:
    if value is None:
        return default
    words = {"on": True, "off": False, "true": True, "false": False}
    if str(value).lower() not in words:
        raise InvalidSetting(name, str(value), " on 或 off")
    return words[str(value).lower()]


def keep_days_of(name: str, value: Any) -> int | None:
    """Days of `30d`; None of `all`.

    Raises:
        InvalidSetting: it says neither.
    """
    if value is None or str(value).strip().lower() == "all":
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,4})d", str(value).strip())
    if found is None:
        raise InvalidSetting(name, str(value), " all（全部保留）或 30d（天数加 d）")
    return int(found[1])


def _codes(name: str, value: Any) -> tuple[str, ...]:
    codes = _parts(value)
    for code in codes:
        if not re.fullmatch(r"[0-9A-Za-z]{6,}", code):
            raise InvalidSetting(name, code, "以逗号分隔的城市代码")
    return codes


def _day(name: str, value: Any) -> date | None:
    if value is None:
        return None
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise InvalidSetting(name, str(value), "YYYY-MM-DD 形式的日期") from error
