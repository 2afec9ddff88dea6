"""`swadaya app --inside`: one village in the readable lane, agent by agent, in Mesa's own viewer.

A page for teaching what a model of agents is; whoever asks which policy does what opens the view itself. Drawn with
matplotlib alone: the other backend of Mesa's viewer fetches its code from the internet.
"""

from __future__ import annotations

import warnings
from functools import cache

import solara
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim import metrics
from sim.app.choices import choices
from sim.app.record import arm_id
from sim.app.session import worlds
from sim.app.settings import Settings
from sim.app.world import Start
from sim.engine.lane import holding
from sim.experiment.lanes import first_villages, show
from sim.policies.policy import set_levers
from sim.reference import MesaLane

with warnings.catch_warnings():  # solara complains of the order of hooks in Mesa's own component
    warnings.simplefilter("ignore", UserWarning)
    from mesa.visualization import SolaraViz
    from mesa.visualization.utils import update_counter

POOR, STANDS, FRAME = "#b3541e", "#1b6f6a", "#444444"
#: Institutions of the village: agent's table, its number there, column, value that fills it, name.
INSTITUTIONS = (
    ("village", 0, "attendance", 1.0, "council: who came"),
    ("village", 0, "institution_quality", 1.0, "council: quality"),
    ("village", 0, "pot", 2.0, "arisan: the pot"),
    ("group", 0, "works", 20.0, "works: farming"),
    ("group", 1, "works", 20.0, "works: livestock"),
    ("group", 2, "works", 20.0, "works: trade"),
    ("group", 3, "works", 20.0, "works: services"),
)


@cache
def _start(policy: str) -> Start:
    return worlds().start(Settings(a=policy), choices())


class Village(MesaLane):
    """The first village of the default world under one policy and luck: each household and institution a Mesa agent."""

    def __init__(self, policy: str = "locality_development", luck: int = 1) -> None:
        begin = _start(policy)
        super().__init__(begin.world.lane.plan, first_villages(begin.world.state, 1))
        self.world, self.luck, self.quarter = begin.world, luck, 0
        self.programmes = begin.programmes[arm_id(Settings(a=policy), "a")]
        self.calendar = begin.scenario.calendar
        self.running = True
        self.held = holding(self.plan, begin.scenario.hold.ablate)
        self.seen: list[tuple[float, float]] = []

    def step(self) -> None:
        """One quarter, rule by rule, agent by agent."""
        state = self.state()
        set_levers(self.programmes, state, self.quarter)
        for name, column in self.plan.given.items():
            if column.lever:
                show(self, name, state)
        self.prepare(self.quarter, self.luck)
        self.step_quarter(self.quarter, self.luck, self.world.parameters, self.held)
        self.quarter += 1
        self.running = self.quarter < self.calendar.quarters
        persons = [(home.size * home.weight, home.consumption < metrics.LINE) for home in self.rows["household"]]
        poor = sum(count for count, below in persons if below) / sum(count for count, _ in persons)
        self.seen.append((100.0 * poor, 100.0 * self.rows["village"][0].attendance))


def _map(axes: Axes, model: Village) -> None:
    """Households where they live: colour is own income against the line, a filled mark came to the meeting."""
    people = model.world.population.household
    for home, x, y in zip(model.rows["household"], people["position_x"], people["position_y"], strict=False):
        colour = STANDS if home.own_income >= metrics.LINE else POOR
        face = colour if home.attends else "white"
        axes.plot(x, y, "o", color=colour, markerfacecolor=face, markersize=7)
    axes.set(xticks=[], yticks=[], xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))
    told = f"Year {model.quarter // 4}, quarter {model.quarter % 4 + 1}: {len(model.rows['household'])} households"
    key = "green lives from its own income, brown does not; filled came to the meeting"
    axes.set_title(f"{told}\n{key}", fontsize=10, loc="left")


def _institutions(axes: Axes, model: Village) -> None:
    """Institutions, filled as far as they work."""
    names = [name for *_, name in INSTITUTIONS]
    values = [min(1.0, getattr(model.rows[table][at], column) / top) for table, at, column, top, _ in INSTITUTIONS]
    axes.barh(names, [1.0] * len(names), color="white", edgecolor=FRAME, height=0.6)
    axes.barh(names, values, color=FRAME, height=0.6)
    axes.invert_yaxis()
    axes.set(xticks=[], xlim=(0.0, 1.0))
    axes.tick_params(labelsize=9, length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("Institutions", fontsize=10, loc="left")


def _course(axes: Axes, model: Village, column: int, title: str, colour: str) -> None:
    """One outcome since the start; dotted lines: the programme begins, and ends."""
    axes.plot([quarter / 4.0 for quarter in range(len(model.seen))], [row[column] for row in model.seen], color=colour)
    for quarter in (model.calendar.start, model.calendar.end):
        axes.axvline(quarter / 4.0, color=FRAME, linestyle=":", linewidth=0.8)
    axes.set(xlim=(0.0, model.calendar.quarters / 4.0), ylim=(0.0, max([20.0, *(row[column] for row in model.seen)])))
    axes.set_title(title, fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)


@solara.component
def Households(model: Village) -> None:
    """Who lives here, and how, this quarter."""
    update_counter.get()  # Mesa's sign that a step was made
    figure = Figure(figsize=(6.0, 5.6), layout="constrained")
    _map(figure.subplots(), model)
    solara.FigureMatplotlib(figure)


@solara.component
def Course(model: Village) -> None:
    """The institutions as they stand, and what came of it so far."""
    update_counter.get()
    figure = Figure(figsize=(6.0, 5.6), layout="constrained")
    institutions, poor, came = figure.subplots(3)
    _institutions(institutions, model)
    _course(poor, model, 0, "Poor, % of persons, by year", POOR)
    _course(came, model, 1, "Came to the meeting, % of households", STANDS)
    solara.FigureMatplotlib(figure)


@solara.component
def Page() -> None:
    """What a browser opens."""
    policies = {"type": "Select", "value": "locality_development", "values": choices().policies, "label": "Policy"}
    luck = {"type": "SliderInt", "value": 1, "label": "Luck", "min": 1, "max": 20, "step": 1}
    model = solara.use_memo(Village, [])
    asked = {"policy": policies, "luck": luck}
    SolaraViz(
        model,
        components=[(Households, 0), (Course, 0)],
        model_params=asked,
        name="Inside one village",
        play_interval=200,
    )
