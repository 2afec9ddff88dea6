"""The same sweep on a Dask cluster: a real scheduler, two worker processes, one of which is killed in the middle."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from toy import Toy
from toy_sweep import swept

from sim.errors import InputError
from sim.sweep import cluster

HERE = Path(__file__).parent
PATHS = os.pathsep.join([str(HERE.parent), str(HERE)])


@contextmanager
def begun(*command, folder):
    """A process of Dask, by its program; what it says goes to a file."""
    said = folder / f"{command[0]}-{time.monotonic_ns()}.log"
    with said.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{command[0]}", *command[1:]],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": PATHS},
        )
    try:
        yield process, said
    finally:
        process.kill()
        process.wait()


def waited(said, pattern):
    """What a process says, when it has said it."""
    for _ in range(600):
        if match := re.search(pattern, said.read_text()):
            return match
        time.sleep(0.1)
    pytest.fail(said.read_text())


@pytest.fixture
def address(tmp_path):
    """A scheduler of its own."""
    command = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    with begun(*command, folder=tmp_path) as (_, said):
        yield waited(said, r"Scheduler at:\s+(tcp://\S+)")[1]


def test_a_cluster_that_loses_a_worker_finds_the_same(tmp_path, address):
    with ThreadPoolExecutor(2) as threads:
        whole = swept(tmp_path / "here", threads).digest()
    worker = ("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
    log = tmp_path / "log"
    with begun(*worker, folder=tmp_path) as (first, _), begun(*worker, folder=tmp_path):

        def killer():
            while not log.exists() or log.stat().st_size < 40:
                time.sleep(0.01)
            first.kill()

        threading.Thread(target=killer, daemon=True).start()
        with cluster.scheduled(address) as (executor, _):
            there = swept(tmp_path / "there", executor, Toy(str(log), 0.01))
    assert first.poll() is not None and not there.result()["failed"].any()
    assert there.digest() == whole


def test_a_scheduler_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with (
        pytest.raises(InputError, match="nothing answers at tcp:"),
        cluster.scheduled("tcp://127.0.0.1:1"),
    ):
        pass


def test_a_scheduler_without_workers_is_told(address, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with pytest.raises(InputError, match="has no worker"), cluster.scheduled(address):
        pass
