"""A release handed to PostgreSQL: the same tables, comments and views, swapped in one transaction.

Everything is loaded into new schemas that nobody sees before the commit; then they take the names
`marts` and `marts_zh`. Figures go as text from DuckDB into COPY, so that no decimal passes through
a float. Whoever might read the schemas before may read the new ones.
"""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import psycopg
from psycopg import sql

from warehouse.connection import scalar
from warehouse.errors import TargetRefused
from warehouse.releases.chinese_views import SCHEMA, chinese_views, statements
from warehouse.releases.digest import columns_of, mart_names
from warehouse.releases.history import release_db
from warehouse.settings import Settings
from warehouse.sql_text import literal

MARTS = "marts"
OWN = "强市 Qiangshi "
"""How the comment on a schema of ours begins; a schema without it is somebody else's."""
SECONDS_TO_CONNECT = 10
SECONDS_FOR_READERS = 30
"""How long the swap waits for questions that are being answered; the next night tries again."""

_PAUSE = 0.05
_ADVISORY = 7_170_455_001
_NULL = r"\N"
_TYPES = {
    "VARCHAR": "text", "INTEGER": "integer", "BIGINT": "bigint", "DOUBLE": "double precision",
    "DATE": "date", "TIMESTAMP": "timestamp", "BOOLEAN": "boolean",
}  # fmt: skip

# Views of others over our tables: they would go with the tables that are replaced.
_FOREIGN = """
select distinct quote_ident(space.nspname) || '.' || quote_ident(views.relname)
from pg_depend
inner join pg_rewrite on pg_depend.classid = 'pg_rewrite'::regclass
    and pg_depend.objid = pg_rewrite.oid
inner join pg_class as views on pg_rewrite.ev_class = views.oid
inner join pg_namespace as space on views.relnamespace = space.oid
inner join pg_class as ours on pg_depend.refclassid = 'pg_class'::regclass
    and pg_depend.refobjid = ours.oid
inner join pg_namespace as our_space on ours.relnamespace = our_space.oid
where our_space.nspname = any(%s) and space.nspname <> all(%s)
order by 1
"""


def place_name(url: str) -> str:
    """Host and database of a URL, without its password."""
    parts = urlsplit(url)
    return f"postgresql://{parts.hostname or ''}{parts.path}"


def hand_over(settings: Settings, release_id: str) -> bool:
    """Whether the database took a new release; False when it had it already.

    Raises:
        TargetRefused: it cannot be reached, its `marts` are not ours, or readers kept them busy.
    """
    url = str(settings.publish_postgres)
    try:
        with (
            psycopg.connect(url, connect_timeout=SECONDS_TO_CONNECT) as target,
            duckdb.connect(str(release_db(settings, release_id)), read_only=True) as release,
        ):
            target.execute("select pg_advisory_xact_lock(%s)", [_ADVISORY])
            if _standing(target) == release_id:
                return False
            _load(target, release)
            _swap(target, release_id)
            return True
    except psycopg.errors.LockNotAvailable as error:
        raise TargetRefused("正在被查询占用，仍为原来的版本；下次夜间运行补上") from error
    except psycopg.Error as error:
        said = re.sub(r"\s+", " ", str(error)).strip()
        raise TargetRefused(f"没有写成：{said}；仍为原来的版本，下次夜间运行补上") from error
    except OSError as error:
        raise TargetRefused(f"没有写成：{error}；仍为原来的版本，下次夜间运行补上") from error


def _standing(target: psycopg.Connection) -> str | None:
    """The release that stands in the database.

    Raises:
        TargetRefused: a schema of that name is somebody else's.
    """
    rows = target.execute(
        "select nspname, coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace"
        " where nspname in (%s, %s) order by nspname",
        [MARTS, SCHEMA],
    ).fetchall()
    for name, comment in rows:
        if not comment.startswith(OWN):
            raise TargetRefused(f"库里已有不是本系统建立的模式 {name}，没有写入")
    foreign = [row[0] for row in target.execute(_FOREIGN, [[MARTS, SCHEMA]] * 2).fetchall()]
    if foreign:
        raise TargetRefused(
            f"视图 {'、'.join(foreign)} 建在这些表上，替换会删掉它们，没有写入；"
            "请先删除，改在 BI 工具中定义"
        )
    return str(rows[0][1]).removeprefix(OWN) if rows else None


def _load(target: psycopg.Connection, release: duckdb.DuckDBPyConnection) -> None:
    for schema in (MARTS, SCHEMA):
        target.execute(sql.SQL("create schema {}").format(sql.Identifier(_next(schema))))
    with tempfile.TemporaryDirectory() as folder:
        for table in mart_names(release, with_views=False):
            _load_table(target, release, table, Path(folder) / "rows.csv")
    for view in chinese_views(release, _next(MARTS)):
        for statement in statements(view, _next(SCHEMA)):
            target.execute(sql.SQL(statement))


def _load_table(
    target: psycopg.Connection, release: duckdb.DuckDBPyConnection, table: str, aside: Path
) -> None:
    columns = columns_of(release, table)
    required = _required(release, table)
    name = sql.Identifier(_next(MARTS), table)
    listed = [
        sql.SQL("{} {}{}").format(
            sql.Identifier(column),
            sql.SQL(_type(kind)),
            sql.SQL(" not null" if column in required else ""),
        )
        for column, kind in columns.items()
    ]
    target.execute(sql.SQL("create table {} ({})").format(name, sql.SQL(", ").join(listed)))
    texts = ", ".join(f'"{column}"' for column, kind in columns.items() if kind == "VARCHAR")
    path = literal(str(aside))
    options = f"format csv, header false, nullstr '{_NULL}'" + (
        f", force_quote ({texts})" if texts else ""
    )
    release.execute(f'copy (select * from marts."{table}") to {path} ({options})')
    order = sql.SQL("copy {} from stdin (format csv, null {})").format(name, sql.Literal(_NULL))
    with target.cursor() as cursor, cursor.copy(order) as copy, aside.open("rb") as rows:
        while chunk := rows.read(1 << 20):
            copy.write(chunk)
    sent = int(scalar(release, f'select count(*) from marts."{table}"'))
    row = target.execute(sql.SQL("select count(*) from {}").format(name)).fetchone()
    if row is None or int(row[0]) != sent:
        raise TargetRefused(f"表 {table} 应为 {sent} 行，实得 {row[0] if row else 0} 行，没有替换")
    _comment(target, release, table, name)
    target.execute(sql.SQL("analyze {}").format(name))


def _comment(
    target: psycopg.Connection,
    release: duckdb.DuckDBPyConnection,
    table: str,
    name: sql.Identifier,
) -> None:
    said = scalar(release, "select comment from duckdb_tables() where table_name = ?", [table])
    if said:
        target.execute(sql.SQL("comment on table {} is {}").format(name, sql.Literal(said)))
    for column, comment in release.execute(
        "select column_name, comment from duckdb_columns()"
        " where schema_name = 'marts' and table_name = ? and comment is not null",
        [table],
    ).fetchall():
        place = sql.SQL(".").join((name, sql.Identifier(column)))
        target.execute(sql.SQL("comment on column {} is {}").format(place, sql.Literal(comment)))


def _required(release: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    rows = release.execute(
        "select column_name from duckdb_columns()"
        " where schema_name = 'marts' and table_name = ? and not is_nullable",
        [table],
    ).fetchall()
    return {row[0] for row in rows}


def _type(kind: str) -> str:
    return kind.replace("DECIMAL", "numeric").lower() if "DECIMAL" in kind else _TYPES[kind]


def _next(schema: str) -> str:
    return f"{schema}_next"


def _swap(target: psycopg.Connection, release_id: str) -> None:
    _lock_patiently(target)
    for schema in (SCHEMA, MARTS):
        readers = _readers(target, schema)
        name, fresh = sql.Identifier(schema), sql.Identifier(_next(schema))
        target.execute(sql.SQL("drop schema if exists {} cascade").format(name))
        target.execute(sql.SQL("alter schema {} rename to {}").format(fresh, name))
        said = sql.Literal(f"{OWN}{release_id}")
        target.execute(sql.SQL("comment on schema {} is {}").format(name, said))
        for reader in readers:
            target.execute(sql.SQL("grant usage on schema {} to {}").format(name, reader))
            target.execute(
                sql.SQL("grant select on all tables in schema {} to {}").format(name, reader)
            )


def _lock_patiently(target: psycopg.Connection) -> None:
    """Takes all that stands at once, or nothing and tries again: who waits while holding deadlocks.

    A reader that comes meanwhile waits for the commit and then finds the new tables under every
    name; one that holds a table is let finish.

    Raises:
        psycopg.errors.LockNotAvailable: readers kept some of it throughout.
    """
    rows = target.execute(
        "select relnamespace::regnamespace::text, relname from pg_class"
        " where relnamespace::regnamespace::text in (%s, %s) and relkind in ('r', 'v')",
        [MARTS, SCHEMA],
    ).fetchall()
    if not rows:
        return
    names = sql.SQL(", ").join(sql.Identifier(*row) for row in rows)
    order = sql.SQL("lock table {} in access exclusive mode nowait").format(names)
    for left in reversed(range(int(SECONDS_FOR_READERS / _PAUSE))):
        try:
            with target.transaction():
                target.execute(order)
        except psycopg.errors.LockNotAvailable:
            if not left:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _readers(target: psycopg.Connection, schema: str) -> list[sql.Composable]:
    """The roles that may read a schema, besides its owner."""
    rows = target.execute(
        "select case acl.grantee when 0 then null else acl.grantee::regrole::text end"
        " from pg_namespace, aclexplode(nspacl) as acl"
        " where nspname = %s and acl.privilege_type = 'USAGE' and acl.grantee <> nspowner",
        [schema],
    ).fetchall()
    # regrole quotes a name that needs it.
    return [sql.SQL(row[0] or "public") for row in rows]
