"""What a scenario may name: the model's own parameters, policies, rules and metrics, and those of a user's files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim import installed, metrics, own_files, policies
from sim.engine.plan import Plan, PlanError
from sim.errors import InputError, PolicyError
from sim.nearest import did_you_mean
from sim.own_files import OwnFile
from sim.policies.families import FAMILIES
from sim.policies.policy import Policy
from sim.scenario import BASELINE, Known
from sim.start import wire


def known(paths: Sequence[Path] = ()) -> Known:
    """What a scenario may name.

    Parameters
    ----------
    paths
        Python files of the user with policies, rules and metrics of their own. A rule takes the place of the model's
        rule of the same name; a policy or metric needs a name of its own.

    Raises
    ------
    InputError
        When a file is wrong; says where, and what is allowed.
    """
    own = [own_files.read(path) for path in paths]
    plan = _wired(own)
    found = _policies(own, [name for name, table in plan.table_of.items() if table == "village"])
    _check_metrics(own, plan)
    return Known(
        plan.parameters,
        found,
        set(plan.rules),
        tuple(rule for file in own for rule in file.rules),
        tuple(metric for file in own for metric in file.metrics),
        {file.name: file.sha256 for file in own},
        {rule.name: file.name for file in own for rule in file.rules},
        installed.packages(found),
    )


def _policies(own: Sequence[OwnFile], columns: Sequence[str]) -> dict[str, Policy]:
    """The policies of the catalogue and of some files, each with a name of its own and columns that exist."""
    found = policies.catalogue()
    owner = dict.fromkeys((*found, BASELINE, *FAMILIES), "the catalogue")
    for file in own:
        for policy in file.policies:
            if policy.name in owner:
                said = f"{file.name}: a policy called {policy.name} exists already, in {owner[policy.name]}"
                raise InputError(f"{said}; give this one a name of its own")
            owner[policy.name], found[policy.name] = file.name, policy
    for policy in found.values():
        try:
            policy.check(columns)
        except PolicyError as error:
            raise InputError(f"{owner[policy.name]}: {error}") from None
    return found


def _check_metrics(own: Sequence[OwnFile], plan: Plan) -> None:
    """Refuse a metric with the name of another, or one that reads what is no column of its table."""
    owner = dict.fromkeys(metrics.catalogue(), "the catalogue")
    for home, metric in [(file.name, metric) for file in own for metric in file.metrics]:
        said = f"{home}: metric {metric.name}"
        if metric.name in owner:
            raise InputError(f"{said} exists already, in {owner[metric.name]}; give this one a name of its own")
        owner[metric.name] = home
        for table, column in metric.reads:
            if plan.table_of.get(column) != table:
                columns = [name for name, home in plan.table_of.items() if home == table]
                raise InputError(f"{said} reads {column}, which no {table} has{did_you_mean(column, columns)}")


def _wired(own: Sequence[OwnFile]) -> Plan:
    """The plan with the rules of some files; two files cannot set the same column or bear the same name."""
    seen: dict[str, str] = {}
    for number, file in enumerate(own):
        if file.name in [other.name for other in own[:number]]:
            raise InputError(f"two files are called {file.name}; rename one")
        for rule in file.rules:
            if seen.setdefault(rule.name, file.name) != file.name:
                raise InputError(f"{file.name}: the rule {rule.name} exists already, in {seen[rule.name]}")
    try:
        return wire([rule for file in own for rule in file.rules])
    except PlanError as error:
        raise InputError(f"{', '.join(file.name for file in own)}: {error}") from None
