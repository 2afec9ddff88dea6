"""What several test files share: the compiled plan, and a small world at rest."""

from __future__ import annotations

import pytest

from sim.engine.lane import Lane
from sim.errors import InputError
from sim.experiment import fitted
from sim.policies import catalogue
from sim.population import TwoPieceLognormal, synthesise
from sim.scenario import Known
from sim.start import solve, wire
from sim.survey import read_aggregates

SEED = 2  # of the population


def pytest_addoption(parser):
    """`--renew` writes the reference files anew instead of comparing with them."""
    parser.addoption("--renew", action="store_true", help="write the files of tests/reference anew")


@pytest.fixture
def renew(request):
    """Whether the reference files are to be written anew."""
    return request.config.getoption("--renew")


@pytest.fixture(scope="session")
def known(lane):
    """What a scenario may name."""
    return Known(lane.plan.parameters, catalogue(), set(lane.plan.rules))


@pytest.fixture(scope="session")
def lane():
    """All mechanisms and the ledger, compiled."""
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
