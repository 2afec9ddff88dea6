"""What a reader must know of the people and the parameter sets before any number; mostly nothing."""

from __future__ import annotations

from sim import metrics
from sim.experiment.results import PARAMETER_SET, Results
from sim.language import mark, say
from sim.report import BASELINE, number

EVEN = 0.02  # of the mean weight: less is the rounding of households to simulate in a village
FEW = 30  # households: of fewer a share moves by more than three points with each


def cautions(results: Results) -> list[str]:
    """What a reader must know of the people and the parameter sets before any number; mostly nothing."""
    return [*of_a_survey(results), *few_poor(results), *unequal_weights(results), *passed_over(results)]


def of_a_survey(results: Results) -> list[str]:
    """How the villages came of a survey, and how poor people are there and here; nothing where there is none."""
    if not (about := results.manifest["survey"]):
        return []
    people = results.population
    persons = people["size"] * people["weight"]
    villages = people["village"].unique()
    text = mark(
        "The {villages} villages are drawn, by weight and with replacement, from the {units} sampling units of {file} "
        "({households} households); {met} of the units are among them, and each draw counts alike. Below the poverty "
        "line are {there}\u00a0% of persons in the survey, and {here}\u00a0% of those who were drawn."
    )
    return [
        say(
            text,
            villages=len(villages),
            units=about["units"],
            file=about["file"],
            households=about["households"],
            met=len({village.split("-", 1)[1] for village in villages}),  # codes are draw, then unit
            there=number(about["headcount, % of persons"], 1),
            here=number(100.0 * metrics.mean((people["consumption"] < metrics.LINE).to_numpy(), persons.to_numpy()), 1),
        )
    ]


def few_poor(results: Results) -> list[str]:
    """That the permanently poor are few, or in some draws nobody: what is told of them then rests on little."""
    baseline = results.households[results.households["arm"] == BASELINE]
    found = (baseline["permanent_income"] < metrics.LINE).groupby(baseline["seed"]).sum()
    if found.min() >= FEW:
        return []
    text = mark(
        "The permanently poor, of whom self-sufficiency is told, are only {least} to {most} households, draw by draw: "
        "shares of so few say little."
    )
    told = say(text, least=int(found.min()), most=int(found.max()))
    if none := int((found == 0).sum()):
        told += " " + say("In {none} of {draws} draws there are none, and what is told of them is over the others.",
                          none=none, draws=len(found))  # fmt: skip
    return [told]


def unequal_weights(results: Results) -> list[str]:
    """That money is counted among those who are simulated, where households do not all stand for as many."""
    each = results.population["weight"] / results.population["weight"].mean()
    if each.max() - each.min() <= EVEN:
        return []
    text = mark(
        "Households stand for {least} to {most} times as many people as their mean: outcomes are of those "
        "they stand for, money and costs of those who are simulated, so that strategies cost the same among the latter "
        "only. Where the scenario says how many households a village has, they are drawn by weight, and the two are "
        "one."
    )
    return [say(text, least=number(each.min(), 2), most=number(each.max(), 2))]


def passed_over(results: Results) -> list[str]:
    """That parameter sets without a world at rest among these people were passed over; nothing where none was."""
    if results.scenario.replications.sets == 1:
        return []
    used = [int(solved[PARAMETER_SET]) for solved in results.manifest["solved"]]
    if not (lost := max(used) - len(used)):
        return []
    text = mark(
        "Of the first {tried} calibrated parameter sets {lost} have no world at rest among these people and were "
        "passed over: these results stand for the others."
    )
    return [say(text, tried=max(used), lost=lost)]
