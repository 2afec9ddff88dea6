"""The complete description of the model after ODD+D: prose from one template, all else from the code."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sim import ledger, metrics, policies, population, start, ties
from sim.agents import institutions
from sim.agents.household import STRATA
from sim.calibration import calibrate, ensemble, fitted
from sim.engine.plan import Plan, drawn
from sim.engine.rule import End, Normal, Param, Rule, Same, TieMean, TieSum, TieTotal, Uniform
from sim.engine.table import Table
from sim.evidence.moments import KNOWN
from sim.evidence.studies import read_studies
from sim.explain.page import span
from sim.explain.policies import grouped
from sim.explain.topics import by_mechanism, reads
from sim.metrics import cost, resilience, trajectories
from sim.policies.policy import Policy
from sim.processes import MECHANISMS
from sim.scenario import CUTOFFS, PROGRAMMES_2017, Calendar, Population
from sim.survey import read_aggregates

TEMPLATE = "odd.md.jinja"
LEFT = re.compile(r" \((?:M\d+b?(?:, )?)+\)")  # numbers of mechanisms, which only the code's own comments use
#: What a source says of a number's standing; the first that is found counts.
STANDING = (
    ("solved", "solved"),
    ("assumption", "assumption"),
    ("size is an assumption", "assumption"),
    ("from memory", "from memory"),
    ("inferred", "derived"),
    ("derived", "derived"),
    ("read", "read"),
    ("design", "design"),
)
LEDGER = "ledger"  # the file whose rules are accounts
CITED = "cited"  # a figure is named, but not whether it was seen


def standing(source: str) -> str:
    """How well a number is founded, by the words of its source."""
    if source.startswith("as "):
        return "as another"
    return next((told for word, told in STANDING if re.search(rf"\b{word}\b", source)), CITED)


def informed() -> dict[str, list[str]]:
    """Parameter -> the fitted targets that speak of it; the quarters of the trend are one."""
    found: dict[str, list[str]] = {}
    for moment in fitted.MOMENTS:
        name = re.sub(r" in quarter \d+$", " trend", figure(moment.name))
        for parameter in moment.informs:
            told = found.setdefault(parameter, [])
            told += [f"{moment.target} {name}"] * (f"{moment.target} {name}" not in told)
    return found


def role(name: str, parameter: Param, moments: Mapping[str, list[str]], moved: Mapping[str, list[str]]) -> str:
    """What decides a parameter: the start, the fitted targets that speak of it, a variant; or nothing."""
    if name in calibrate.SOLVED:
        return "solved with the start"
    if name in calibrate.LUMPY:
        return "structural variant: 0 without a trap"
    if parameter.what_if:
        return "what-if: off unless a scenario asks"
    if parameter.low == parameter.high:
        return "fixed"
    told = f"fitted: {', '.join(moments[name])}" if name in moments else "uncertainty"
    pulled = [variant.replace("_", " ") for variant, names in moved.items() if name in names]
    return told + (f"; prior moved ({', '.join(pulled)})" if pulled else "")


def body(rule: Rule) -> str:
    """The statements of a rule as its author wrote them, without signature and docstring."""
    source = textwrap.dedent(inspect.getsource(rule.function))
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    return textwrap.dedent("\n".join(source.splitlines()[function.body[1].lineno - 1 : function.end_lineno]))


def aliases(rule: Rule) -> list[str]:
    """What the arguments stand for that are no column of their own name."""
    found = []
    for argument, marker in rule.arguments:
        if isinstance(marker, Normal | Uniform):
            kind = "standard normal" if isinstance(marker, Normal) else "uniform"
            found.append(f"`{argument}`: {kind} draw" + (f" of `{of}`" if (of := drawn(marker, "")) else ""))
        elif isinstance(marker, Same):
            found.append(f"`{argument}` = `{marker.name}`")
        elif isinstance(marker, Param):
            found.append(f"`{argument}` = {float(marker):g} {marker.unit}")
        elif str(marker) != argument:
            found.append(f"`{argument}`: {marker}")
    return found


def draws(plan: Plan) -> Iterator[tuple[Rule, str, str]]:
    """Every draw: the rule, the argument, and its distribution."""
    for rule in plan.rules.values():
        for argument, marker in rule.arguments:
            if isinstance(marker, Normal | Uniform) and drawn(marker, "") == "":
                yield rule, argument, type(marker).__name__.lower()


def over_ties(plan: Plan) -> list[Rule]:
    """The rules that read other households through ties."""
    return [
        rule
        for rule in plan.rules.values()
        if any(isinstance(marker, End | TieMean | TieSum | TieTotal) for _, marker in rule.arguments)
    ]


def remembered(plan: Plan, table: Table) -> list[Rule]:
    """What a kind of agent carries from one quarter to the next: columns of rules that something reads with a lag."""
    return [rule for rule in plan.rules.values() if rule.table is table and rule.name in plan.initial]


def told(module: ModuleType) -> str:
    """A module's docstring, its lines joined to paragraphs."""
    words = LEFT.sub("", inspect.getdoc(module) or "")
    return "\n\n".join(" ".join(part.split()) for part in words.split("\n\n"))


def explained(function: object) -> str:
    """A docstring, its lines joined to paragraphs, without the sections of its arguments."""
    words = (inspect.getdoc(function) or "").split("\nParameters\n")[0]
    return " ".join(words.split())


def figure(name: str) -> str:
    """A fitted figure in words; those of the trend are one a quarter."""
    return re.sub(r" (\d+)$", r" in quarter \1", name.replace("_", " "))


def cell(value: object) -> str:
    """Words that can stand in a cell of a Markdown table."""
    return " ".join(str(value).split()).replace("|", "\\|") or "–"


def mechanisms(plan: Plan) -> list[tuple[str, str, list[Rule]]]:
    """Each mechanism: its name, what its file says, its rules; a user's own come last, the ledger stands apart."""
    files = {module.__name__.rsplit(".", 1)[-1]: told(module) for module in MECHANISMS}
    names = dict.fromkeys((*files, *(rule.mechanism for rule in plan.rules.values() if rule.mechanism != LEDGER)))
    return [(name, files.get(name, ""), [r for r in plan.rules.values() if r.mechanism == name]) for name in names]


def parameters(plan: Plan) -> list[tuple[str, list[tuple[str, Param, str, str]]]]:
    """Mechanism -> (name, parameter, what decides it, standing of its source)."""
    moments, about = informed(), ensemble.provenance()
    moved = {variant: about[variant]["moved"] for variant in calibrate.VARIANTS if variant in about}
    return [
        (mechanism, [(name, p, role(name, p, moments, moved), standing(p.source)) for name, p in group])
        for mechanism, group in by_mechanism(plan)
    ]


def settings(policy: Policy) -> str:
    """A policy's own numbers in one line."""
    told = [f"`{n}` {float(p):g} {p.unit} ({span(p.low, p.high)}; {p.source})" for n, p in policy.parameters.items()]
    return "; ".join(told)


def odd(plan: Plan, known: Mapping[str, Policy]) -> str:
    """The description of the model as Markdown.

    Parameters
    ----------
    plan, known
        The rules, and the policies by name: those that come along, or a user's own beside them.

    Returns
    -------
    str
        Sections and questions of ODD+D (Müller et al. 2013), submodels and patterns as ODD asks for since 2020
        (Grimm et al. 2020). The prose is in the template; every name, number, unit and order is read from the code.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    functions = (aliases, body, cell, explained, figure, reads, settings, span)
    environment.filters |= {function.__name__: function for function in functions}
    return environment.get_template(TEMPLATE).render(
        plan=plan,
        order=[step.does for step in plan.steps if isinstance(step.does, Rule)],
        tables=[(table, remembered(plan, table)) for table in plan.tables.values()],
        mechanisms=mechanisms(plan),
        parameters=parameters(plan),
        draws=list(draws(plan)),
        over_ties=over_ties(plan),
        flows=ledger.FLOWS,
        stocks=ledger.STOCKS,
        metrics=metrics.catalogue().values(),
        policies=grouped(known),
        studies=read_studies(plan, policies.catalogue(), KNOWN),
        moments=fitted.MOMENTS,
        left_at_start=start,
        figures=read_aggregates().figures.items(),
        population=population,
        ties=ties,
        strata=STRATA,
        institutions=institutions,
        trajectories=trajectories,
        resilience=resilience,
        cutoffs=CUTOFFS,
        cost=cost,
        calendar=Calendar(),
        people=Population.model_validate({}),
        poor=Population.model_validate({"world": "poor_village"}),
        programmes=PROGRAMMES_2017,
        calibration=calibrate,
    )
