"""What the code says of itself: the order of the quarter, parameters, columns, policies, what answers each study."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim import ledger, metrics, policies
from sim.engine.plan import Plan
from sim.engine.rule import End, Normal, Param, Row, Rule, Same, Uniform
from sim.errors import InputError
from sim.evidence.judging import MISSING, rule_of
from sim.evidence.moments import KNOWN, MOMENTS
from sim.evidence.studies import Outcome, Study, read_studies
from sim.explain.article import article_page
from sim.explain.page import entry, page, section, span
from sim.explain.policies import catalogue
from sim.metrics import Metric
from sim.scenario import Known
from sim.start import wire
from sim.survey import SURVEY, VILLAGES


def reads(rule: Rule) -> str:
    """What a rule reads, but for its parameters; an aggregate is told where it is read."""
    names = []
    for _, marker in rule.arguments:
        if isinstance(marker, Param | Same):
            continue
        if isinstance(marker, Normal | Uniform):
            names.append("draw")
        elif isinstance(marker, Row):
            names.append(f"{marker.of} of row {marker.at}")
        elif isinstance(marker, End):
            names.append(f"{marker.of} at end {marker.end}")
        else:
            names.append(str(marker))
    return ", ".join(names)


def order(plan: Plan) -> Group:
    """The order of the quarter, a rule a line."""
    rules = [step.does for step in plan.steps if isinstance(step.does, Rule)]
    lines = Table.grid(padding=(0, 1))
    lines.add_column(justify="right", no_wrap=True)
    lines.add_column(overflow="fold")
    for number, rule in enumerate(rules, start=1):
        line = Text.assemble((rule.table.name, "dim"), " ", (rule.name, "bold"), f" ({rule.mechanism})")
        line.append(f" every {rule.every} quarters" if rule.every > 1 else "")
        read = reads(rule)
        line.append(f" \u2190 {read}" if read else "")
        lines.add_row(Text(str(number), style="dim"), line)
    note = (
        "number, who, what is set (mechanism) \u2190 what is read. Nation and districts act first, on last quarter's "
        "totals; then each village by itself.\n"
    )
    return page("The order of a quarter", note, [lines])


def by_mechanism(plan: Plan) -> Iterator[tuple[str, Iterator[tuple[str, Param]]]]:
    """The parameters of each mechanism, by the names of both."""

    def mechanism(item: tuple[str, Param]) -> str:
        return plan.rules[item[0].split(".")[0]].mechanism

    return groupby(sorted(plan.parameters.items(), key=mechanism), mechanism)


def parameters(plan: Plan) -> Group:
    """Every parameter by mechanism: value, unit, range, and its source beneath."""
    parts: list[RenderableType] = []
    for name, group in by_mechanism(plan):
        parts.append(section(name))
        for full, p in group:
            head = Text.assemble(
                (full, "bold"),
                f" = {float(p):g} {p.unit}",
                (f"  [{span(p.low, p.high)}]", "cyan"),
                " what-if" * p.what_if,
            )
            parts.append(entry(head, p.source))
    return page(
        "Parameters",
        "name = value unit [range], source. A scenario sets them under [parameters]; a what-if is off unless it does.",
        parts,
    )


def columns(plan: Plan) -> Group:
    """Every column by table: unit, range, where it comes from, and its meaning beneath."""
    parts: list[RenderableType] = []
    homes = dict.fromkeys(plan.table_of.values())
    for home in homes:
        parts.append(section(home))
        for name in (name for name, table in plan.table_of.items() if table == home):
            unit, low, high = plan.unit(name)
            if name in plan.rules:
                origin = "flow of the ledger" if name in ledger.FLOWS else f"set in {plan.rules[name].mechanism}"
                meaning = plan.rules[name].meaning
            else:
                origin, meaning = ("lever" if plan.given[name].lever else "given"), plan.given[name].meaning
            head = Text.assemble((name, "bold"), f"  {unit}", (f"  [{span(low, high)}]", "cyan"), f"  {origin}")
            parts.append(entry(head, meaning))
    return page("Columns", "name, unit [range], origin; meaning.", parts)


def measured(found: Iterable[Metric]) -> Group:
    """Every metric: unit, the better direction, how often, what it reads, and its meaning beneath."""
    parts: list[RenderableType] = []
    for one in found:
        better = "" if one.better == "neither" else f", {one.better} is better"
        often = f", every {one.every} quarters" if one.every > 1 else ""
        read = ", ".join(dict.fromkeys(f"{table}.{column}" for table, column in one.reads))
        what = f"  {one.label.lower()}, {one.unit}{better}{often} \u2190 "
        parts.append(entry(Text.assemble((one.name, "bold"), what, (read, "cyan")), one.meaning))
    return page("Metrics", "name, label, unit, better direction \u2190 columns it reads; meaning.", parts)


def rules_for(outcome: Outcome, plan: Plan) -> str:
    """The statistic of an outcome that is not an effect, and the rules of its columns; or why there is none."""
    if outcome.missing:
        return f"{outcome.missing}."
    told = (MOMENTS[outcome.moment].__doc__ or "").split("\n")[0] if outcome.moment else ""
    names = dict.fromkeys((*outcome.columns, *([outcome.per] if outcome.per else [])))
    return "\n".join([*([f"statistic: {told}"] if told else []), *(rule_of(name, plan) for name in names)])


def answer(outcome: Outcome, decides: bool, rules: str) -> Group:
    """One figure of a study: its column, and beneath it the rule that sets it."""
    head = Text.assemble((outcome.name, "bold"), f", {outcome.unit} \u2192 ")
    if outcome.missing:
        return entry(head.append(MISSING, "bold"), rules)
    head.append(", ".join(outcome.columns), "cyan")
    head.append(f", per effect on {outcome.per}" if outcome.per else "")
    head.append(f", {outcome.among.replace('_', ' ')}" if outcome.among != "all" else "")
    head.append("  (decides)" if decides else "")
    return entry(head, rules)


def outcomes(plan: Plan) -> Group:
    """Every figure of every published study: the columns that answer it, and the rules that set them."""
    parts: list[RenderableType] = []
    studies: list[Study] = read_studies(plan, policies.catalogue(), KNOWN)
    for study in studies:
        parts.append(section(f"{study.id}  {study.title}"))
        parts.append(Text(f"  {study.role}" + (f"; bars {study.bars}" if study.bars else ""), style="dim"))
        before = ""
        for k, outcome in enumerate(study.outcomes):
            rules = rules_for(outcome, plan)
            parts.append(answer(outcome, k == 0 or outcome.decides, "" if rules == before else rules))
            before = rules
    note = (
        "outcome, unit \u2192 columns, among whom; beneath, the rules that set them, where the line above has others."
    )
    return page("Published studies", note, parts)


def files(_: Plan) -> Group:
    """What the files of a user's own people hold, column by column."""
    parts: list[RenderableType] = []
    kinds = {"survey: a household survey, one row a household": SURVEY, "village_list: one row a village": VILLAGES}
    for title, known in kinds.items():
        parts.append(section(title))
        for name, column in known.items():
            head = Text.assemble((name, "bold"), f"  {column.allowed}", "" if column.required else "  (optional)")
            parts.append(entry(head, column.meaning))
    note = (
        "CSV in UTF-8, commas between cells, the names in the first row; rows that begin with # are passed over. A "
        "scenario names the file under [population]. Villages of a survey are its primary sampling units, drawn by "
        "their weight and with replacement, as many as [population] villages says; with [population] households so "
        "many households are drawn in each by weight, else the unit is taken as it stands. What the file does not say "
        "is made up, and the manifest of the results lists it."
    )
    return page("Your own people", note, parts)


TOPICS: dict[str, Callable[[Plan], Group]] = {
    "order": order,
    "parameters": parameters,
    "columns": columns,
    "policies": lambda plan: catalogue(policies.catalogue()),
    "metrics": lambda plan: measured(metrics.catalogue().values()),
    "outcomes": outcomes,
    "article": article_page,
    "survey": files,
}


def explain(topic: str, name: str = "", offered: Known | None = None) -> Group:
    """What the code says of a topic, to be printed by a rich console of any width.

    Parameters
    ----------
    name
        One policy or family instead of all.
    offered
        What a scenario may name, a user's own files among it; by default what comes along.
    """
    if topic == "policies" and (name or offered):
        return catalogue(offered.policies if offered else policies.catalogue(), name)
    if name:
        raise InputError(f"explain {topic} takes no name; allowed after policies: one policy or family")
    if topic == "metrics" and offered:
        return measured(offered.metrics.values())
    return TOPICS[topic](wire(offered.own_rules if offered else ()))
