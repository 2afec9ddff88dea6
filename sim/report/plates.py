"""The figures of the page: which tables they need, what draws them, and their words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.language import mark
from sim.report import figures, flows
from sim.report.drawing import Drawing


@dataclass(frozen=True)
class Plate:
    """A figure as the page shows it; `needs` is the table without which it is left out, empty for the series."""

    name: str
    needs: str
    draw: Callable[..., Drawing]
    title: str
    caption: str
    alternative: str


# In the order of the page. `{source}` becomes what the intervals vary over, `{arms}` the strategies.
PLATES: tuple[Plate, ...] = (
    Plate(
        "trajectories",
        "",
        figures.trajectories,
        mark("The course of each strategy"),
        mark(
            "Levels: without a new policy (grey) and the median of each strategy (its colour). All other panels: the "
            "strategy minus the status quo, luck by luck. Line: median; dark band: the middle half; light band: "
            "{source}. Shaded: the time of the programme."
        ),
        mark(
            "Line charts over time: levels first, then each strategy's difference from the baseline: poverty "
            "headcount, median own income, participation and the Gini coefficient. Strategies: {arms}. The tables "
            "give the values."
        ),
    ),
    Plate(
        "fates",
        "classes",
        figures.fates,
        mark("What became of the permanently poor"),
        mark(
            "Each bar: all who were permanently poor when the programmes started, by class {when}. Black line: "
            "interval of the self-sufficient share ({source}); as all strategies meet the same luck, their "
            "differences are known better than these levels (see the headline table)."
        ),
        mark(
            "Stacked bars, one for each strategy: self-sufficient, fragile, rising, dependency, declining and "
            "stagnation. Strategies: {arms}. The table Classes among the permanently poor gives every share."
        ),
    ),
    Plate(
        "classes",
        "transitions",
        flows.class_flows,
        mark("From the start to the end"),
        mark(
            "Left: persons by permanent income when the programmes start (poor: below 1\u00a0z; near-poor: below "
            "1.5\u00a0z; all others are left out). Right: by class {when}. Numbers are shares of all persons, mean "
            "over lucks; the flows of the poor are strong. Intervals stand in the tables of classes ({source})."
        ),
        mark(
            "Flow diagrams from poor and near-poor at the start to self-sufficient, fragile, rising, dependency, "
            "declining and stagnation at the end. Strategies: {arms}. The table From start to end gives every share."
        ),
    ),
    Plate(
        "lorenz",
        "lorenz",
        figures.lorenz,
        mark("How consumption is shared"),
        mark(
            "Large: Lorenz curves of real consumption {when}. Small: the same curves minus the baseline's; above "
            "zero, the poorest p % hold more of all consumption than without the policy. Band: {source}."
        ),
        mark(
            "Lorenz curves of all strategies, and for each a small chart of its difference from the baseline. "
            "Strategies: {arms}."
        ),
    ),
    Plate(
        "winners",
        "winners",
        figures.winners,
        mark("Winners and losers"),
        mark(
            "Change in consumption {when} of each household against itself without the policy and with the same luck, "
            "person-weighted, all lucks pooled. Dashed: 5 % more and 5 % less; blue: gains beyond, orange: losses "
            "beyond. The outermost bars hold all that lies further out. Intervals stand in the table ({source})."
        ),
        mark(
            "Histograms of the change in consumption against the baseline; the shares of persons who gain or lose "
            "more than 5 % stand in the table Winners and losers. Strategies: {arms}."
        ),
    ),
    Plate(
        "participation",
        "participation",
        figures.participation,
        mark("Attendance before, during and after"),
        mark(
            "Share of households that attend village meetings before the programme, in its last two years (shaded), "
            "after it ({when}), and late, as an illustration. Bars: {source}. Grey: without a new policy."
        ),
        mark(
            "Dots with intervals for four windows beside the baseline in grey. Strategies: {arms}. The table "
            "Attendance by window gives the values."
        ),
    ),
    Plate(
        "money",
        "money",
        figures.money,
        mark("Where each z went"),
        mark(
            "State money beyond what flows without the policy, while the programme runs; money for assets is followed "
            "out of the programme's fund. Left of zero: less than without the policy, as where an audit also saves "
            "what other works lose. Not discounted, mean over lucks."
        ),
        mark(
            "Stacked horizontal bars of state money by use, in z per person. Strategies: {arms}. The table Where each "
            "z went gives the values."
        ),
    ),
)
