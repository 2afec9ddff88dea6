"""Executors beyond this machine: a Dask cluster by the address of its scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from sim.errors import InputError

PATIENCE = 60  # seconds in which a scheduler must answer, and a worker must be there


@contextmanager
def scheduled(address: str) -> Iterator[tuple[Executor, int]]:
    """The executor of a Dask cluster, and how many threads its workers have together.

    Workers need the same version of this package, and the files that a scenario names at the same paths. One that
    is lost is replaced by the scheduler, which hands its tasks to others.

    Raises
    ------
    InputError
        When no scheduler answers, or it has no worker.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--scheduler needs the cluster packages: pip install 'swadaya[cluster]'") from None
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"--scheduler: nothing answers at {address}: {error}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise InputError(f"--scheduler: the cluster at {address} has no worker: start `dask worker`") from None
        yield client.get_executor(pure=False), sum(client.nthreads().values())
