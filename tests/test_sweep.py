"""Sweeps: what a stop, a full disk, a lost worker, a wrong run or a rotten file can do to a store, which is nothing."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from toy import Toy
from toy_sweep import ARMS, swept, toy_plan

from sim.errors import InputError
from sim.sweep import runner
from sim.sweep import sweep as sweeping
from sim.sweep.store import CORRUPT, FAILURES, RUNS, Store, digest
from sim.sweep.sweep import Sweep
from sim.workers import AHEAD, Workers, answers, working

HERE = Path(__file__).parent
TOTAL = 40 * 4 * len(ARMS)  # runs of the toy


@pytest.fixture
def threads():
    """An executor that begins at once."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The digest of a sweep that nothing has interrupted."""
    with ThreadPoolExecutor(2) as pool:
        return swept(tmp_path_factory.mktemp("whole"), pool).digest()


def test_tasks_go_to_the_executor_that_is_given_else_to_processes_of_this_machine(threads):
    with working(3, threads) as found:
        assert found == (threads, 3)
    with working() as (executor, count):
        assert isinstance(executor, Workers) and executor.count == count == os.cpu_count()
    with pytest.raises(InputError, match="workers: is 0; allowed: a whole number from 1"), working(0, threads):
        pass


def program(folder, kind="threads", log="", pause=0.002, **more):
    """The toy as a process of its own; a run lasts `pause` seconds."""
    return subprocess.Popen(
        [sys.executable, HERE / "toy_sweep.py", folder, kind, log, str(pause)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])},
        **more,
    )


def played(log):
    """How many runs were played."""
    return Path(log).stat().st_size if Path(log).exists() else 0


# -- what is found ----------------------------------------------------------------------------------------------------


def test_every_run_is_there_once_and_right(threads, tmp_path):
    going = swept(tmp_path, threads, Toy(str(tmp_path / "log")))
    table = going.result()
    assert len(table) == TOTAL == played(tmp_path / "log") and not table["failed"].any()
    for times, arm in enumerate(ARMS):
        rows = table[table["arm"] == arm]
        assert (rows["y"] - times * rows["point"]).round(9).nunique() == 4 and set(rows["z"]) == {1.0, 2.0, 3.0, 4.0}
    assert swept(tmp_path, threads, Toy(str(tmp_path / "log"))).digest() == going.digest()
    assert played(tmp_path / "log") == TOTAL


def test_no_run_is_played_twice_across_studies(threads, tmp_path):
    log = str(tmp_path / "log")
    swept(tmp_path / "store", threads, Toy(log), toy_plan(10))
    before = played(log)
    swept(tmp_path / "store", threads, Toy(log), toy_plan(20, seeds=5))
    assert before == 10 * 4 * 3 and played(log) == 20 * 5 * 3


def test_parts_of_a_block_become_one(threads, tmp_path, monkeypatch, whole):
    monkeypatch.setattr(sweeping, "BLOCK", 100)
    going = swept(tmp_path, threads)
    assert len(Store(tmp_path).parts[RUNS]) == -(-TOTAL // 100) and going.digest() == whole


def test_the_digest_depends_on_values_and_on_nothing_else(threads, tmp_path, whole):
    with ThreadPoolExecutor(1) as one:
        assert swept(tmp_path / "a", one, workers=1).digest() == whole
    with Workers(2) as processes:
        assert swept(tmp_path / "b", processes).digest() == whole
    assert swept(tmp_path / "c", threads, plan=toy_plan(seeds=5)).digest() != whole


# -- stops ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kills, kind, seed",
    [(3, "threads", 1), pytest.param(14, "threads", 2, marks=pytest.mark.full),
     pytest.param(8, "processes", 3, marks=pytest.mark.full)],
)  # fmt: skip
def test_a_sweep_that_is_killed_goes_on_and_ends_the_same(tmp_path, whole, kills, kind, seed):
    moments, log, folder = random.Random(seed), str(tmp_path / "log"), tmp_path / "store"
    done = 0
    for _ in range(kills):
        child = program(folder, kind, log)
        assert child.stdout.readline() == "begun\n"
        time.sleep(moments.uniform(0.0, 0.5 if kind == "threads" else 3.0))
        child.kill()
        child.communicate()
        held = len(Store(folder).held[RUNS])
        assert held >= done  # what was stored stays
        done = held
    said, wrong = program(folder, kind, log).communicate(timeout=120)
    assert said.split()[-1] == whole, wrong
    assert played(log) <= TOTAL + kills * 4 * 12  # a stop costs what is in flight: tasks of at most 12 runs
    assert not list(folder.rglob(".*.parquet.*"))


def test_workers_end_when_their_parent_is_killed(tmp_path):
    script = (
        "import time; from sim.workers import Workers; from sim.sweep.work import alive\n"
        "if __name__ == '__main__':\n"
        "    with Workers(1) as pool:\n"
        "        print(pool.submit(alive).result(), flush=True); time.sleep(60)\n"
    )
    file = tmp_path / "parent.py"
    file.write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    parent = subprocess.Popen([sys.executable, file], stdout=subprocess.PIPE, text=True, env=environment)
    worker = int(parent.stdout.readline())
    os.kill(worker, 0)
    parent.kill()
    parent.wait()
    for _ in range(100):
        if not Path(f"/proc/{worker}").exists() or "Z" in Path(f"/proc/{worker}/stat").read_text().split()[2]:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the worker outlives its parent")


def test_ctrl_c_ends_workers_and_keeps_what_is_done(tmp_path, whole):
    child = program(tmp_path, "processes", pause=0.05)  # twelve seconds of runs, of which the first are waited for
    assert child.stdout.readline() == "begun\n"
    while len(Store(tmp_path).held[RUNS]) < 20:
        time.sleep(0.05)
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode != 0 and time.monotonic() - began < 20
    assert 20 <= len(Store(tmp_path).held[RUNS]) < TOTAL
    assert program(tmp_path).communicate(timeout=120)[0].split()[-1] == whole


def test_a_full_disk_stops_with_one_sentence_and_keeps_what_is_done(tmp_path, whole):
    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))  # less than the part of a block

    child = program(tmp_path, preexec_fn=small)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1 and "cannot be written: File too large; what was stored before is kept" in said
    assert "Traceback" not in said
    held = Store(tmp_path)
    assert len(held.held[RUNS]) > 0 and not held.corrupt and not list(tmp_path.rglob(".*.parquet.*"))
    assert program(tmp_path).communicate(timeout=120)[0].split()[-1] == whole


# -- runs that go wrong -----------------------------------------------------------------------------------------------


def failures(going, count=4):
    """The failures of a sweep, which has gone on: all runs of the arm `works` where x is 3."""
    table = going.result()
    wrong = table[table["failed"] > 0]
    assert set(zip(wrong["arm"], wrong["point"], strict=True)) == {("works", 3)} and len(wrong) == count
    assert table[table["failed"] == 0]["y"].notna().all()
    return going.store.take(FAILURES, list(wrong["key"]))


def test_a_run_that_raises_is_kept_with_its_parameters_and_traceback(threads, tmp_path, whole):
    log = str(tmp_path / "log")
    going = swept(tmp_path / "store", threads, Toy(log, trouble="raises"))
    found = failures(going)
    assert set(found["error"]) == {"ZeroDivisionError: no household is left"}
    assert found["traceback"].str.contains("in meet_trouble").all()
    assert set(found["asked_world"]) == {'{"x": 3.0}'} and found["asked_arm"].str.contains('"works"').all()
    before = played(log)
    assert swept(tmp_path / "store", threads, Toy(log)).result()["failed"].sum() == 4 and played(log) == before
    store = Store(tmp_path / "store")
    with store.alone():
        store.forget(FAILURES, found.index)
    assert swept(tmp_path / "store", threads, Toy(log)).digest() == whole and played(log) == before + 4


def test_a_run_that_loops_is_ended_and_told_where(threads, tmp_path):
    before = threading.enumerate()
    found = failures(swept(tmp_path, threads, Toy(trouble="loops"), toy_plan(6, 1), limit=0.5), 1)
    assert found["error"].item() == "took longer than 0.5 s" and "meet_trouble" in found["traceback"].item()
    left = [one for one in threading.enumerate() if one not in before and one.name.startswith("Thread-")]
    assert not [one for one in left if one.is_alive()]


def test_what_failed_has_failed_for_whoever_asks_no_less_and_gives_no_more_time(threads, tmp_path, monkeypatch):
    monkeypatch.setattr(sweeping, "LIMIT", 0.1)  # of the first runs too
    plan = toy_plan(6, 1)

    def missing(*measures, limit=0.5):
        return len(Sweep(plan, Toy(), measures, Store(tmp_path), threads, 1, limit).missing())

    swept(tmp_path, threads, Toy(trouble="loops"), plan, limit=0.5)
    assert missing("y", "z") == missing("y", "z", limit=0.2) == 0
    assert missing("y") == missing("z") == missing("y", "z", limit=600.0) == 1
    for name in "yz":  # what each study has failed in is kept, also where parts are joined
        swept(tmp_path, threads, Toy(trouble="loops"), plan, (name,), limit=0.2)
    assert missing("y", limit=0.2) == missing("z", limit=0.2) == missing("y", "z") == 0
    assert not swept(tmp_path, threads, plan=plan).result()["failed"].any()
    assert not Store(tmp_path).held[FAILURES]


def test_what_failed_in_an_older_store_has_failed(threads, tmp_path):
    plan, store = toy_plan(2, 1), Store(tmp_path)
    store.put(FAILURES, [{"key": plan.key(1, plan.ways[1], 1), "error": "of old"}])
    assert swept(tmp_path, threads, plan=plan).result()["failed"].sum() == 1


class Compiling:
    """A model whose first run takes longer, as where it has to be compiled."""

    def __init__(self):
        self.known = False

    def __call__(self, world, arm, seed):
        time.sleep(0.0 if self.known else 2.0)
        self.known = True
        return {"y": 1.0, "z": 1.0}


def test_a_first_run_may_take_longer_than_the_limit(threads, tmp_path):
    assert not swept(tmp_path, threads, Compiling(), toy_plan(3, 1), limit=1.0).result()["failed"].any()


def test_a_run_that_nothing_can_wake_costs_its_worker_and_no_other_run(tmp_path):
    with Workers(2) as pool:
        going = swept(tmp_path, pool, Toy(trouble="sleeps"), toy_plan(8, 1), limit=1.0)
    found = failures(going, 1)
    assert found["error"].item() == "took longer than 1 s" and "time.sleep" in found["traceback"].item()


def test_a_worker_that_is_lost_once_costs_nothing(tmp_path):
    with Workers(2) as pool:
        going = swept(tmp_path / "a", pool, Toy(str(tmp_path / "log"), trouble="dies once"), toy_plan(8, 1))
    assert not going.result()["failed"].any() and (tmp_path / "log.lost").exists()


def test_a_pool_that_is_closing_is_replaced(monkeypatch):
    def shut(*_):
        raise OSError("handle is closed")

    with Workers(1) as pool:
        first = pool.submit(runner.alive).result()
        monkeypatch.setattr(pool.pool, "submit", shut)
        assert pool.submit(runner.alive).result() != first


def test_a_run_that_kills_its_worker_is_found_out(tmp_path):
    with Workers(2) as pool:
        going = swept(tmp_path / "a", pool, Toy(str(tmp_path / "log"), trouble="dies"), toy_plan(8, 1))
    assert failures(going, 1)["error"].item().startswith("its worker was lost twice: BrokenProcessPool")


def test_an_executor_that_is_gone_is_told(tmp_path):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(InputError, match="takes no more tasks"):
        swept(tmp_path, pool)


def test_worker_processes_are_replaced(tmp_path, whole):
    with Workers(1, recycled=3) as pool:
        found = {pool.submit(runner.alive).result() for _ in range(9)}
    assert len(found) == 3


def test_there_are_never_more_processes_than_were_asked_for():
    alive = []
    with Workers(2, recycled=6) as pool:

        def look(*_):
            alive.append(len(set(multiprocessing.active_children()) - pool.others))

        assert answers(abs, [(-k,) for k in range(20)], pool, look) == [*range(20)]
        for _ in range(9):
            pool.submit(runner.alive).add_done_callback(look)
    assert len(alive) == 29 and max(alive) == 2


def test_a_few_calls_are_handed_out_at_a_time():
    ahead = []
    with Workers(1) as pool:
        answers(abs, [(k,) for k in range(20)], pool, lambda done, _: ahead.append(pool.taken - done))
    assert max(ahead) == AHEAD - 1


def test_whoever_meets_an_error_does_not_wait_for_what_has_not_begun():
    begun = []

    def call(number):
        begun.append(number)
        time.sleep(0.01)
        return 1 / (number - 2)

    with pytest.raises(ZeroDivisionError), ThreadPoolExecutor(1) as pool:
        answers(call, [(number,) for number in range(50)], pool, lambda *_: None)
    assert len(begun) < 10


# -- the store --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-9], lambda raw: raw[:99] + b"!" + raw[100:], lambda raw: b""])
def test_a_spoiled_part_is_noticed_set_aside_and_run_again(threads, tmp_path, whole, monkeypatch, spoil):
    monkeypatch.setattr(sweeping, "BLOCK", 100)
    log = str(tmp_path / "log")
    swept(tmp_path / "store", threads, Toy(log))
    part = sorted((tmp_path / "store" / RUNS).iterdir())[2]
    lost = len(Store(tmp_path / "store").parts[RUNS][part.stem])
    part.write_bytes(spoil(part.read_bytes()))
    assert Store(tmp_path / "store").corrupt == [part]
    assert swept(tmp_path / "store", threads, Toy(log)).digest() == whole
    assert played(log) == TOTAL + lost and (tmp_path / "store" / CORRUPT / part.name).exists()


def test_a_part_is_called_by_its_bytes(threads, tmp_path):
    swept(tmp_path, threads, plan=toy_plan(4))
    for part in (tmp_path / RUNS).iterdir():
        assert digest(part.read_bytes()) == part.stem


def test_only_one_sweep_writes(tmp_path):
    with (
        Store(tmp_path).alone(),
        pytest.raises(InputError, match="another sweep writes there"),
        Store(tmp_path).alone(),
    ):
        pass
    with Store(tmp_path).alone():
        pass


def test_who_waited_sees_what_the_other_sweep_left(threads, tmp_path):
    """Parts that were there when the store was opened are joined by the time that it may be written to."""
    swept(tmp_path, threads, plan=toy_plan(4))
    rows = Store(tmp_path).take(RUNS, list(Store(tmp_path).held[RUNS])).reset_index().to_dict("records")
    store = Store(tmp_path / "other")
    with store.alone():
        for row in rows:
            store.put(RUNS, [row])
        waiting = Store(tmp_path / "other")
        store.join(RUNS, list(store.held[RUNS]))
    with waiting.alone():
        assert len(waiting.take(RUNS, list(waiting.held[RUNS]))) == len(rows)


def test_drafts_that_a_killed_sweep_left_go_and_nothing_else(threads, tmp_path):
    swept(tmp_path, threads, plan=toy_plan(2)).record({}, 64 * "0")
    (tmp_path / ".mine.json").touch()
    kept = {path for path in tmp_path.rglob("*") if path.is_file()}
    for path in [*tmp_path.rglob("*.parquet"), *tmp_path.rglob("study.json")]:
        path.with_name(f".{path.name}.4711").touch()
    with Store(tmp_path).alone():
        pass
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == kept


def test_what_is_forgotten_is_in_no_part_any_more(tmp_path):
    store = Store(tmp_path)
    with store.alone():
        for told in ("first", "again"):
            store.put(FAILURES, [{"key": key, "error": told} for key in ("k1", told)])
        store.forget(FAILURES, ["k1"])
    assert {*store.held[FAILURES]} == {*Store(tmp_path).held[FAILURES]} == {"first", "again"}


def test_what_joining_leaves_when_killed_in_the_middle_is_no_harm(threads, tmp_path, whole):
    swept(tmp_path, threads)
    store = Store(tmp_path)
    keys = list(store.held[RUNS])[:10]
    rows = store.take(RUNS, keys).reset_index().to_dict("records")
    store.put(RUNS, rows)  # as if the joined part were there and an old one still too
    assert Store(tmp_path).twice(RUNS) and swept(tmp_path, threads).digest() == whole
    with store.alone():
        store.join(RUNS, list(store.held[RUNS]))
    assert not Store(tmp_path).twice(RUNS) and swept(tmp_path, threads).digest() == whole
