"""What several test files share: the compiled plan, and a small world at rest."""

from __future__ import annotations

import fcntl

import pytest

from sim.calibration import fitted
from sim.engine.lane import Lane
from sim.errors import InputError
from sim.policies import catalogue
from sim.population import TwoPieceLognormal, synthesise
from sim.scenario import Known
from sim.start import solve, wire
from sim.survey import read_aggregates

SEED = 2  # of the population
#: Files that take longest, longest first: where several processes run the tests, none is left with one at the end.
LONG = (
    "test_regime", "test_app", "test_experiment", "test_lanes", "test_question", "test_command_line", "test_own_policy",
    "test_calibration", "test_reproduce", "test_app_browser", "test_walks", "test_foreign", "test_sweep_model",
    "test_sweep_analysis", "test_losing_regions", "test_nation", "test_plan", "test_model", "test_validation",
    "test_start", "test_report", "test_house",
)  # fmt: skip


def pytest_addoption(parser):
    """`--renew` writes the reference files anew instead of comparing with them."""
    parser.addoption("--renew", action="store_true", help="write the files of tests/reference anew")


def pytest_configure(config):
    """Keep the order of `LONG`: by the number of its tests, a file with one long test would come last."""
    if hasattr(config.option, "loadscopereorder"):  # of pytest-xdist, where that is installed
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """The longest files first; what is in a file stays in its order."""
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


@pytest.fixture
def renew(request):
    """Whether the reference files are to be written anew."""
    return request.config.getoption("--renew")


@pytest.fixture(scope="session")
def known(lane):
    """What a scenario may name."""
    return Known(lane.plan.parameters, catalogue(), set(lane.plan.rules))


@pytest.fixture(scope="session")
def lane(tmp_path_factory):
    """All mechanisms and the ledger, compiled: by one process, on all processors; the others take what it has made."""
    with (tmp_path_factory.getbasetemp().parent / "lane.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Lane(wire())


@pytest.fixture(scope="session")
def programmes_2017():
    """What flowed in 2017."""
    return tuple(fitted.programmes_2017())


@pytest.fixture
def restless():
    """In place of `solve`, where there is no world at rest."""

    def found(*_, **__):
        raise InputError("no such world is at rest")

    return found


@pytest.fixture(scope="session")
def small_population():
    """Four villages of forty households."""
    return synthesise(read_aggregates(), 4, 40, SEED, sd_log_size=0.0)


@pytest.fixture(scope="session")
def small_world(lane, programmes_2017, small_population):
    """Four villages of forty households at rest, with the programmes of 2017."""
    return solve(lane, small_population, programmes_2017, TwoPieceLognormal.published(read_aggregates()), SEED)
