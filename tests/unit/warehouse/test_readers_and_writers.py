"""Who reads the private warehouse by day and who writes it meet without tripping each other."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from warehouse.connection import between_writers, warehouse_lock, warehouse_writer
from warehouse.errors import WarehouseBusy
from warehouse.settings import Settings

_READER = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
time.sleep(1.5)
connection.close()
"""


def test_a_writer_waits_for_a_reader_of_another_process(settings: Settings) -> None:
    with warehouse_writer(settings):
        pass
    command = [sys.executable, "-c", _READER, str(settings.warehouse_db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        started = time.monotonic()
        with warehouse_writer(settings) as connection:
            connection.execute("create table waited (one integer)")
        assert time.monotonic() > started


def test_a_reader_who_never_ends_is_told_of(settings: Settings) -> None:
    with warehouse_writer(settings):
        pass
    command = [sys.executable, "-c", _READER, str(settings.warehouse_db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        with pytest.raises(WarehouseBusy), warehouse_writer(settings, wait_seconds=0.2):
            pass


def test_the_desk_reads_between_writers_only(settings: Settings) -> None:
    with (
        warehouse_lock(settings),
        pytest.raises(WarehouseBusy),
        between_writers(settings, wait_seconds=0.1),
    ):
        pass
    with between_writers(settings):
        pass
