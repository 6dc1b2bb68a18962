"""The `qiangshi` command: the groups put together."""

from __future__ import annotations

import typer

from orchestration.cli import (
    accounts,
    day,
    definitions,
    doctor,
    filing,
    handing_out,
    history,
    keeping,
    layouts,
    night,
    official,
    queue,
    reading,
    steward,
    tracing,
)
from orchestration.cli.usage import ChineseGroup

app = typer.Typer(
    name="qiangshi",
    cls=ChineseGroup,
    help="强市：旗县区报表进，规划指标表出。工作区由 QIANGSHI_HOME 指定，默认 ./var。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (night, day, filing, reading, steward, history, tracing, handing_out, doctor, keeping):
    group.register(app)
app.add_typer(definitions.app, name="definitions")
app.add_typer(layouts.app, name="layouts")
app.add_typer(accounts.app, name="accounts")
app.add_typer(queue.app, name="queue")
app.add_typer(official.app, name="official")


def main() -> None:
    """Runs the command line."""
    app()


if __name__ == "__main__":
    main()
