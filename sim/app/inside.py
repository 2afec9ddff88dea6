"""`swadaya app --inside`: one village in the readable lane, agent by agent, in Mesa's own viewer.

A page for teaching what a model of agents is; whoever asks which policy does what opens the view itself. Drawn with
matplotlib alone: the other backend of Mesa's viewer fetches its code from the internet.
"""

from __future__ import annotations

import warnings
from functools import cache

import anywidget
import solara
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim import metrics
from sim.app.choices import choices
from sim.app.record import arm_id
from sim.app.session import worlds
from sim.app.settings import Settings
from sim.app.texts import LANGUAGES, opened, words
from sim.app.world import Start
from sim.engine.lane import holding
from sim.experiment.lanes import first_villages, show
from sim.policies.policy import set_levers
from sim.reference import MesaLane

with warnings.catch_warnings():  # solara complains of the order of hooks in Mesa's own component
    warnings.simplefilter("ignore", UserWarning)
    from mesa.visualization import SolaraViz
    from mesa.visualization.utils import update_counter

FIRST = "locality_development"
POOR, STANDS, FRAME = "#b3541e", "#1b6f6a", "#444444"
#: Institutions of the village: agent's table, its number there, column, value that fills it, key of its name.
INSTITUTIONS = (
    ("village", 0, "attendance", 1.0, "attendance"),
    ("village", 0, "institution_quality", 1.0, "quality"),
    ("village", 0, "pot", 2.0, "pot"),
    ("group", 0, "works", 20.0, "works_0"),
    ("group", 1, "works", 20.0, "works_1"),
    ("group", 2, "works", 20.0, "works_2"),
    ("group", 3, "works", 20.0, "works_3"),
)


#: On a narrow screen everything stands in one column; there the viewer's drawer of controls covers all and stays.
NARROW = """
@media (max-width: 960px) {
  .v-navigation-drawer--is-mobile, .vue-grid-item:not(.vue-grid-placeholder) {
    position: static !important; transform: none !important; width: 100% !important; height: auto !important;
  }
  .v-overlay:not(:has(.v-overlay__content *)) { display: none; }
  .vue-grid-layout { height: auto !important; }
}
"""


class Spoken(anywidget.AnyWidget):
    """Tells the browser, and whoever reads aloud with it, the language of the page; Mesa's viewer tells none."""

    _esm = "export default { render({ model }) { document.documentElement.lang = model.get('lang'); } }"
    lang = traitlets.Unicode().tag(sync=True)


def _language() -> int:
    return LANGUAGES.index(opened() or LANGUAGES[0])


def say(key: str, **holes: object) -> str:
    """A text of this page, in the language that it was opened in."""
    return words(f"inside.{key}")[_language()].format(**holes)


def policies() -> dict[str, str]:
    """Label of each policy, in the language of the page -> its name."""
    among = choices()
    return {among.labels(name)[_language()]: name for name in among.policies}


@cache
def _start(policy: str) -> Start:
    return worlds().start(Settings(a=policy), choices())


class Village(MesaLane):
    """The first village of the default world under one policy and luck: each household and institution a Mesa agent."""

    def __init__(self, policy: str = FIRST, luck: int = 1) -> None:
        policy = policies().get(policy, policy)  # a page knows it by its label
        self.policy, begin = policy, _start(policy)
        super().__init__(begin.world.lane.plan, first_villages(begin.world.state, 1))
        self.world, self.luck, self.quarter = begin.world, luck, 0
        self.programmes = begin.programmes[arm_id(Settings(a=policy), "a")]
        self.calendar = begin.scenario.calendar
        self.running = True
        self.held = holding(self.plan, begin.scenario.hold.ablate)
        self.seen: list[tuple[float, float]] = []

    def now(self) -> dict[str, object]:
        """What is played, and the year and quarter that it has come to."""
        shown = max(self.quarter - 1, 0)
        played = {"policy": choices().labels(self.policy)[_language()], "luck": self.luck}
        return {**played, "year": shown // 4, "quarter": shown % 4 + 1}

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
    told = say("told", **model.now(), count=len(model.rows["household"]))
    axes.set_title(f"{say('played', **model.now())}\n{told}\n{say('key')}", fontsize=10, loc="left")


def _institutions(axes: Axes, model: Village) -> None:
    """Institutions, filled as far as they work."""
    names = [say(name) for *_, name in INSTITUTIONS]
    values = [min(1.0, getattr(model.rows[table][at], column) / top) for table, at, column, top, _ in INSTITUTIONS]
    axes.barh(names, [1.0] * len(names), color="white", edgecolor=FRAME, height=0.6)
    axes.barh(names, values, color=FRAME, height=0.6)
    axes.invert_yaxis()
    axes.set(xticks=[], xlim=(0.0, 1.0))
    axes.tick_params(labelsize=9, length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(say("institutions"), fontsize=10, loc="left")


def _course(axes: Axes, model: Village, column: int, title: str, colour: str) -> None:
    """One outcome since the start; dotted lines: the programme begins, and ends."""
    axes.plot([quarter / 4.0 for quarter in range(len(model.seen))], [row[column] for row in model.seen], color=colour)
    for quarter in (model.calendar.start, model.calendar.end):
        axes.axvline(quarter / 4.0, color=FRAME, linestyle=":", linewidth=0.8)
    years, top = model.calendar.quarters / 4.0, max([20.0, *(1.05 * row[column] for row in model.seen)])
    axes.set(xlim=(0.0, years), xticks=range(0, int(years) + 1, 5), ylim=(0.0, top))
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
    _course(poor, model, 0, say("poor"), POOR)
    _course(came, model, 1, say("came"), STANDS)
    solara.FigureMatplotlib(figure)
    solara.Text(_told(model))
    solara.Text(say("buttons"), style={"font-size": "13px", "color": FRAME})


def _told(model: Village) -> str:
    """The quarter in words, for whoever cannot see the pictures."""
    played = say("played", **model.now())
    if not model.seen:
        return f"{played}. {say('start')}"
    poor, came = model.seen[-1]
    return f"{played}. " + say("now", **model.now(), poor=f"{poor:.0f}", came=f"{came:.0f}")


@solara.component
def Page() -> None:
    """What a browser opens."""
    labels = policies()
    first = next(label for label, name in labels.items() if name == FIRST)
    asked = {
        "policy": {"type": "Select", "value": first, "values": list(labels), "label": say("policy")},
        "luck": {"type": "SliderInt", "value": 1, "label": say("luck"), "min": 1, "max": 20, "step": 1},
    }
    model = solara.use_memo(Village, [])
    solara.Title(f"Swadaya: {say('name')}")
    solara.Style(NARROW)
    Spoken.element(lang=LANGUAGES[_language()])
    SolaraViz(
        model,
        components=[(Households, 0), (Course, 0)],
        model_params=asked,
        name=say("name"),
        play_interval=200,
    )
