"""The catalogue as a page: who decides, what flows, to whom, with which levers, until when, and where it may lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sim.engine.rule import Param
from sim.errors import InputError
from sim.experiment.regions import losses
from sim.policies.families import FAMILIES
from sim.policies.policy import Policy, did_you_mean
from sim.policies.practice import PRACTICE, VARIABLES
from sim.scenario import PROGRAMMES_2017
from sim.terminal import entry, page, section, span

INDENT, NAMES = 5, 16  # columns: of a block, and of the names in it
GROUPS = {
    "R": "Community intervention, after Rothman",
    "G": "Community intervention, after Glen",
    "U": "Community work at three levels, after the Gulbenkian reports",
    "T": "Development from above, and transfers",
    "H": "Mixtures",
    "": "Others",
}
STANDING = "What flowed in 2017, in every arm and outside the budget"


def grouped(known: Mapping[str, Policy]) -> dict[str, list[Policy]]:
    """The policies under their headings, by code and name; a code of no heading stands among the others."""
    world = {programme.policy for programme in PROGRAMMES_2017}
    found: dict[str, list[Policy]] = {heading: [] for heading in (*GROUPS.values(), STANDING)}
    for policy in sorted(known.values(), key=lambda policy: (policy.code, policy.name)):
        found[STANDING if policy.name in world else GROUPS.get(policy.code[:1], GROUPS[""])].append(policy)
    return {heading: policies for heading, policies in found.items() if policies}


def rows(width: int, lines: Iterable[tuple[RenderableType, RenderableType]], indent: int = INDENT) -> Padding:
    """Lines of two columns; the first is so many characters wide, the second folds."""
    grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column(no_wrap=True, min_width=width)
    grid.add_column(overflow="fold")
    for first, second in lines:
        grid.add_row(first, second)
    return Padding(grid, (0, 0, 0, indent), expand=False)


def overview(known: Mapping[str, Policy]) -> Iterator[RenderableType]:
    """All policies at a glance: code, name, and who decides."""
    width = max(map(len, known)) + INDENT
    for policies in grouped(known).values():
        lines = ((Text.assemble((p.code.ljust(INDENT), "cyan"), (p.name, "bold")), Text(p.decides)) for p in policies)
        yield from ("", rows(width, lines, 0))


def title(code: str, name: str, label: str, label_id: str) -> Padding:
    """Code, the name that a scenario uses, and what it is called in two languages."""
    words = Text.assemble((name, "bold"), f"  {label[:1].upper()}{label[1:]} \u00b7 ", (label_id, "italic"))
    return Padding(rows(INDENT - 2, [(Text(code, "bold cyan"), words)], 0), (1, 0, 0, 0), expand=False)


def ending(policy: Policy) -> str:
    """What ends with the facilitators, what with the funds, and what lasts until both are gone."""
    groups = {f"with {exit}": names for exit, names in policy.ends.items()}
    groups["when both are gone"] = policy.others if policy.levers else ("the dividend",)
    return "\n".join(f"{when}: {', '.join(names)}" for when, names in groups.items() if names)


def setting(name: str, parameter: Param) -> Group:
    """One number of a policy's own: value, unit, range, and dimmed beneath it the source."""
    head = Text.assemble(f"{name} = {float(parameter):g} {parameter.unit}")
    return entry(head.append(f"  [{span(parameter.low, parameter.high)}]", "cyan"), parameter.source, 0)


def found_to_lose(name: str) -> Iterator[tuple[str, Text]]:
    """In how many worlds it lost: to plain cash, and to whom most often."""
    rows = [row for row in losses(name) if row[0] != "status_quo"]
    cash = [row for row in rows if row[0] == "dividend"]
    for rows_of, head in ((cash, "plain cash"), ([row for row in rows if row not in cash], "")):
        if rows_of:
            rival, outcome, lost, tried = max(rows_of, key=lambda row: row[2])
            told = f"{lost} of {tried} worlds over all ranges, to {head or rival}, by {OUTCOMES[outcome]}"
            yield "loses in" if head or not cash else "and in", Text(told)


def practised(name: str) -> Iterator[tuple[str, Text]]:
    """Rothman's twelve variables of a policy, where it has them."""
    found = PRACTICE.get(name)
    if found is not None:
        yield "practice", Text(f"Rothman's twelve variables: {found.source}", "dim")
        for variable, words in VARIABLES.items():
            yield f"  {words}", Text(getattr(found, variable))


#: What the search for losses measures, in words.
OUTCOMES = {"headcount": "poverty", "own_income": "own income", "self_sufficient": "self-sufficiency"}


def unusual(policy: Policy) -> Iterator[tuple[str, Text]]:
    """How its budget or its place in a comparison differs from the usual."""
    if policy.reallocates:
        yield "budget", Text("that of all villages together; it may give one more than another")
    if not policy.ranked:
        yield "rank", Text("none, and no cost: it acts outside the villages")


def block(policy: Policy) -> Group:
    """One policy: its title, what it does, and its lines."""
    settings = [setting(name, parameter) for name, parameter in policy.parameters.items()]
    lines = [
        ("who decides", Text(policy.decides)),
        ("what flows", Text(policy.flows)),
        ("to whom", Text(policy.targets)),
        ("level", Text(policy.level)),
        ("levers", Text(", ".join(policy.levers) or "none")),
        ("settings", Group(*settings) if settings else Text("none")),
        ("ends", Text(ending(policy))),
        ("may lose when", Text.assemble(policy.loses_when, (" (its author's hypothesis)", "dim"))),
        *found_to_lose(policy.name),
        *unusual(policy),
        *practised(policy.name),
    ]
    label = policy.label.removeprefix(policy.code).strip()
    return Group(
        title(policy.code, policy.name, label, policy.label_id),
        Padding(Text(policy.meaning), (0, 0, 0, INDENT), expand=False),
        rows(NAMES + 2, ((Text(name, "dim"), words) for name, words in lines)),
    )


def family(name: str) -> Group:
    """An umbrella term, in both languages, and what it stands for."""
    about = FAMILIES[name]
    return Group(
        title("", name, about.label, about.label_id),
        Padding(Text(about.meaning), (0, 0, 0, INDENT), expand=False),
        rows(NAMES + 2, [(Text("stands for", "dim"), Text(", ".join(about.members)))]),
    )


def catalogue(known: Mapping[str, Policy], name: str = "") -> Group:
    """Every policy, at a glance and one by one, then the families; or one of them by name.

    Raises
    ------
    InputError
        When there is neither a policy nor a family of that name.
    """
    if name in known:
        return block(known[name])
    if name in FAMILIES:
        return family(name)
    if name:
        raise InputError(f"there is no policy or family {name}{did_you_mean(name, [*known, *FAMILIES])}")
    note = (
        "Each arm of a scenario spends the same money; what a policy cannot spend is paid to all as dividend, until "
        "funds and facilitators are gone. "
        "`swadaya explain columns` says what each lever is.\n\nAt a glance: code, name in a scenario, who decides."
    )
    parts: list[RenderableType] = [*overview(known)]
    for heading, policies in grouped(known).items():
        parts += [section(heading), *(block(policy) for policy in policies)]
    terms = Text("Umbrella terms with no dynamics of their own: a scenario names their members.", "dim")
    parts += [section("Families"), terms, *(family(name) for name in FAMILIES)]
    return page("Policies", note, parts)
