"""Serving the desk: one process, on this machine only unless told otherwise."""

from __future__ import annotations

import uvicorn

from console.app import create_app
from warehouse.daytime.children import ensure_checker, stop_checker
from warehouse.settings import Settings

LOG = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"uvicorn": {"handlers": ["err"], "level": "WARNING"}},
}
"""Warnings and errors only: addresses of requests name units and must not pile up in a log."""


def serve(settings: Settings, host: str, port: int) -> None:
    """Serves until it is stopped.

    Raises:
        WorkspaceMissing: there is no workspace yet.
    """
    app = create_app(settings)
    # Asked for when the desk opens, the first check of the day is as quick as the next ones.
    ensure_checker(settings)
    # The application itself decides which proxy it believes.
    try:
        uvicorn.run(
            app, host=host, port=port, proxy_headers=False, server_header=False, access_log=False,
            log_config=LOG, timeout_keep_alive=15,
        )  # fmt: skip
    finally:
        stop_checker(settings)
