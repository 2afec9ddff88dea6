"""What a scenario may name: the model's own parameters, policies and rules, and those of a user's policy files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim import policies
from sim.engine.plan import Plan, PlanError
from sim.errors import InputError, PolicyError
from sim.policies import files
from sim.policies.families import FAMILIES
from sim.scenario import BASELINE, Known
from sim.start import wire


def known(paths: Sequence[Path] = ()) -> Known:
    """What a scenario may name.

    Parameters
    ----------
    paths
        Python files of the user with policies, and perhaps rules, of their own. A rule takes the place of the model's
        rule of the same name; a policy needs a name of its own.

    Raises
    ------
    InputError
        When a file is wrong; says where, and what is allowed.
    """
    own = [files.read(path) for path in paths]
    plan, found = _wired(own), policies.catalogue()
    columns = [name for name, table in plan.table_of.items() if table == "village"]
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
    rules = tuple(rule for file in own for rule in file.rules)
    return Known(plan.parameters, found, set(plan.rules), rules, {file.name: file.sha256 for file in own})


def _wired(own: Sequence[files.PolicyFile]) -> Plan:
    """The plan with the rules of some files; two files cannot set the same column or bear the same name."""
    seen: dict[str, str] = {}
    for number, file in enumerate(own):
        if file.name in [other.name for other in own[:number]]:
            raise InputError(f"two policy files are called {file.name}; rename one")
        for rule in file.rules:
            if seen.setdefault(rule.name, file.name) != file.name:
                raise InputError(f"{file.name}: the rule {rule.name} exists already, in {seen[rule.name]}")
    try:
        return wire([rule for file in own for rule in file.rules])
    except PlanError as error:
        raise InputError(f"{', '.join(file.name for file in own)}: {error}") from None
