"""The catalogue as a page: who decides, what flows, to whom, with which levers, until when, and where it may lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sim.engine.rule import Param
from sim.errors import InputError
from sim.explain.page import entry, page, section, span
from sim.language import mark, say, spoken, written
from sim.nearest import did_you_mean
from sim.policies.families import FAMILIES
from sim.policies.policy import Policy
from sim.policies.practice import PRACTICE, VARIABLES
from sim.regime.regions import losses
from sim.scenario import BASELINE, BENCHMARK, PROGRAMMES_2017

INDENT, NAMES = 5, 16  # columns: of a block, and of the names in it
GROUPS = {
    "R": mark("Community intervention, after Rothman"),
    "G": mark("Community intervention, after Glen"),
    "U": mark("Community work at three levels, after the Gulbenkian reports"),
    "T": mark("Development from above, and transfers"),
    "H": mark("Mixtures"),
    "": mark("Others"),
}
STANDING = mark("What flowed in 2017, in every arm and outside the budget")


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
        lines = (
            (Text.assemble((p.code.ljust(INDENT), "cyan"), (p.name, "bold")), Text(say(p.decides))) for p in policies
        )
        yield from ("", rows(width, lines, 0))


def title(code: str, name: str, label: str, label_id: str) -> Padding:
    """Code, the name that a scenario uses, and what it is called in two languages."""
    label = label[:1].upper() + label[1:]
    ours, theirs = (label_id, label) if spoken().code == "id" else (label, label_id)
    words = Text.assemble((name, "bold"), f"  {ours} \u00b7 ", (theirs, "italic"))
    return Padding(rows(INDENT - 2, [(Text(code, "bold cyan"), words)], 0), (1, 0, 0, 0), expand=False)


#: With what a lever ends, by the names that a policy gives.
ENDS = {"the facilitators": mark("with the facilitators"), "the funds": mark("with the funds")}


def ending(policy: Policy) -> str:
    """What ends with the facilitators, what with the funds, and what lasts until both are gone."""
    groups = {say(ENDS[exit]): names for exit, names in policy.ends.items()}
    groups[say("when both are gone")] = policy.others if policy.levers else (say("the dividend"),)
    return "\n".join(f"{when}: {', '.join(names)}" for when, names in groups.items() if names)


def setting(name: str, parameter: Param) -> Group:
    """One number of a policy's own: value, unit, range, and dimmed beneath it the source."""
    head = Text(f"{name} = {written(f'{float(parameter):g}')} {say(parameter.unit)}")
    return entry(head.append(f"  [{span(parameter.low, parameter.high)}]", "cyan"), say(parameter.source), 0)


def found_to_lose(name: str) -> Iterator[tuple[str, Text]]:
    """In how many worlds it lost: to plain cash, and to whom most often."""
    rows = [row for row in losses(name) if row[0] != BASELINE]
    cash = [row for row in rows if row[0] == BENCHMARK]
    for rows_of, head in ((cash, say("plain cash")), ([row for row in rows if row not in cash], "")):
        if rows_of:
            rival, outcome, lost, tried = max(rows_of, key=lambda row: row[2])
            told = say(
                "{lost} of {tried} worlds over all ranges, to {rival}, by {outcome}",
                lost=lost, tried=tried, rival=head or rival, outcome=say(OUTCOMES[outcome]),
            )  # fmt: skip
            yield say("loses in") if head or not cash else say("and in"), Text(told)


def practised(name: str) -> Iterator[tuple[str, Text]]:
    """Rothman's twelve variables of a policy, where it has them."""
    found = PRACTICE.get(name)
    if found is not None:
        yield say("practice"), Text(say("Rothman's twelve variables: {source}", source=say(found.source)), "dim")
        for variable, words in VARIABLES.items():
            yield f"  {say(words)}", Text(say(getattr(found, variable)))


#: What the search for losses measures, in words.
OUTCOMES = {
    "headcount": mark("poverty"),
    "own_income": mark("mean own income"),
    "self_sufficient": mark("self-sufficiency"),
}


def unusual(policy: Policy) -> Iterator[tuple[str, Text]]:
    """How its budget or its place in a comparison differs from the usual."""
    if policy.reallocates:
        yield say("budget"), Text(say("that of all villages together; it may give one more than another"))
    if not policy.ranked:
        yield say("rank"), Text(say("none, and no cost: it acts outside the villages"))


def block(policy: Policy) -> Group:
    """One policy: its title, what it does, and its lines."""
    settings = [setting(name, parameter) for name, parameter in policy.parameters.items()]
    lines = [
        (say("who decides"), Text(say(policy.decides))),
        (say("what flows"), Text(say(policy.flows))),
        (say("to whom"), Text(say(policy.targets))),
        (say("level"), Text(say(policy.level))),
        (say("levers"), Text(", ".join(policy.levers) or say("none"))),
        (say("settings"), Group(*settings) if settings else Text(say("none"))),
        (say("ends"), Text(ending(policy))),
        (say("may lose when"), Text.assemble(say(policy.loses_when), (say(" (its author's hypothesis)"), "dim"))),
        *found_to_lose(policy.name),
        *unusual(policy),
        *practised(policy.name),
    ]
    label = policy.label.removeprefix(policy.code).strip()
    return Group(
        title(policy.code, policy.name, label, policy.label_id),
        Padding(Text(say(policy.meaning)), (0, 0, 0, INDENT), expand=False),
        rows(NAMES + 2, ((Text(name, "dim"), words) for name, words in lines)),
    )


def family(name: str) -> Group:
    """An umbrella term, in both languages, and what it stands for."""
    about = FAMILIES[name]
    return Group(
        title("", name, about.label, about.label_id),
        Padding(Text(say(about.meaning)), (0, 0, 0, INDENT), expand=False),
        rows(NAMES + 2, [(Text(say("stands for"), "dim"), Text(", ".join(about.members)))]),
    )


def catalogue(known: Mapping[str, Policy], name: str = "") -> Group:
    """Every policy, at a glance and one by one, then the families; or one of them by name, or those of a code.

    Raises
    ------
    InputError
        When there is neither a policy nor a family of that name, nor a policy of that code.
    """
    if name in known:
        return block(known[name])
    if name in FAMILIES:
        return family(name)
    coded = sorted(one.name for one in known.values() if name and one.code.casefold() == name.casefold())
    if coded:
        return Group(*(block(known[one]) for one in coded))
    if name:
        raise InputError(f"there is no policy or family {name}{did_you_mean(name, [*known, *FAMILIES])}")
    note = say(
        "Each arm of a scenario spends the same money; what a policy cannot spend is paid to all as dividend, until "
        "funds and facilitators are gone. "
        "`swadaya explain columns` says what each lever is.\n\nAt a glance: code, name in a scenario, who decides."
    )
    parts: list[RenderableType] = [*overview(known)]
    for heading, policies in grouped(known).items():
        parts += [section(say(heading)), *(block(policy) for policy in policies)]
    terms = Text(say("Umbrella terms with no dynamics of their own: a scenario names their members."), "dim")
    parts += [section(say("Families")), terms, *(family(name) for name in FAMILIES)]
    return page(say("Policies"), note, parts)
