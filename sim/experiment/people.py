"""The people of a scenario: synthesised, or read from its files; and how many they are."""

from __future__ import annotations

from sim import metrics
from sim.errors import InputError
from sim.population import Population, synthesise
from sim.scenario import Scenario
from sim.survey import population_from_survey, read_aggregates, read_survey, read_villages


def people_of(scenario: Scenario) -> Population:
    """The population of a scenario: synthesised, or read from its files."""
    about, aggregates = scenario.population, read_aggregates()
    if scenario.survey is not None and scenario.village_list is not None:
        raise InputError(f"{scenario.slug}: a population is read from a survey or from a village list, not from both")
    if scenario.village_list is not None:
        known = read_villages(scenario.village_list, first=about.villages)
        assert about.households is not None
        return synthesise(aggregates, known, about.households, about.seed, ties=about.ties)
    assert about.villages is not None  # a document without a list has a number of its own
    if scenario.survey is not None:
        survey = read_survey(scenario.survey)
        return population_from_survey(survey, aggregates, about.villages, about.households, about.seed, ties=about.ties)
    assert about.households is not None  # a document without a survey likewise
    return synthesise(aggregates, about.villages, about.households, about.seed, ties=about.ties)


def survey_of(scenario: Scenario) -> dict[str, str | float]:
    """What a reader must know of the survey that villages are drawn from; nothing where there is none."""
    if scenario.survey is None:
        return {}
    found = read_survey(scenario.survey)
    poor = 100.0 * metrics.mean(found.consumption < metrics.LINE, found.size * found.weight)
    return {
        "file": found.file,
        "units": len(set(found.psu)),
        "households": len(found.size),
        "headcount, % of persons": poor,
    }


def size_of(scenario: Scenario) -> tuple[int, int]:
    """Villages of a scenario, and households of a village, about: without making them where that is not needed."""
    about, villages = scenario.population, scenario.population.villages
    if scenario.survey is not None:
        found = people_of(scenario)
        return len(found.village_code), round(len(found.household["size"]) / len(found.village_code))
    if scenario.village_list is not None:
        villages = len(read_villages(scenario.village_list, first=villages).code)
    assert villages is not None and about.households is not None
    return villages, about.households
