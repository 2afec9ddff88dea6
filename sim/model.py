"""The community as a Mesa model: one run of one arm under one luck."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sim.agents.view import ViewedModel
from sim.engine.lane import holding
from sim.engine.plan import Plan
from sim.engine.rule import Rule
from sim.engine.table import State
from sim.errors import InputError, NotFiniteError
from sim.policies.policy import Programme, set_levers
from sim.reference import MesaLane
from sim.shipped import ours
from sim.start import World

SHOCKS = ("macro_shock", "wage_shock", "local_shock")
THOROUGH = 20  # quarters between two looks at every value; those of villages are looked at in every quarter
QUARTERS = 80  # twenty years: where `run_model` ends when nobody says otherwise


class CommunityModel(ViewedModel):
    """Households and institutions in bounded villages, under some programmes and one luck.

    Parameters
    ----------
    world
        The world at quarter 0; it is copied, never changed.
    programmes
        What flows, each with its money and dates.
    seed
        The luck: the same seed gives every arm the same draws.
    held
        Rules that are not computed: their columns keep what they have.
    shocks
        Quarter -> column (of `SHOCKS`) -> log shock in that quarter; the columns are 0 otherwise.

    Notes
    -----
    Mesa's `steps` counts the steps of this object; `quarter` is where the world stands, also in a branch. Mesa's own
    `random` and `rng` serve whoever shuffles agents: no rule draws from them. Mesa ties a model to itself, so a dropped
    one is freed by the garbage collector only: who runs many large ones calls `gc.collect()` between them.
    """

    def __init__(
        self,
        world: World,
        programmes: Sequence[Programme] = (),
        *,
        seed: int,
        held: Sequence[str] = (),
        shocks: Mapping[int, Mapping[str, float]] | None = None,
    ) -> None:
        super().__init__(rng=seed)
        self.world, self.programmes, self.luck = world, tuple(programmes), seed
        self.held = holding(world.lane.plan, held)
        # rules of a user's own, once for all quarters; that the project's keep their ranges is for its tests
        self.own = tuple(r for r in self.plan.rules.values() if not ours(r.function))
        self.shocks = dict(shocks or {})
        self.state: State = world.state.copy()
        self.quarter = 0
        self._past: tuple[tuple[int, Sequence[Programme], Mapping[int, Mapping[str, float]]], ...] = ()
        self._split: tuple[Executor | None, int] = (None, 1)

    def step(self, executor: Executor | None = None, parts: int = 1) -> None:
        """Advance by one quarter; `executor` runs the villages in `parts`, and the result depends on neither."""
        executor, parts = self._split if executor is None else (executor, parts)
        shock = self.shocks.get(self.quarter, {})
        for column in SHOCKS:
            self.state[column] = shock.get(column, 0.0)
        set_levers(self.programmes, self.state, self.quarter)
        self.world.lane.step(self.state, self.quarter, self.luck, self.world.parameters, self.held, executor, parts)
        self.quarter += 1
        tables = self.state.arrays if self.quarter % THOROUGH == 0 else {"village": self.state.arrays["village"]}
        if not all(np.isfinite(array.sum()) for array in tables.values()):
            self._blame()
        for rule in self.own:
            self._check_range(rule)

    def _check_range(self, rule: Rule) -> None:
        """Refuse what a rule has set outside the range that it declares."""
        values = self.state[rule.name]
        wrong = values[~((values >= rule.low) & (values <= rule.high))]
        if len(wrong):
            file = Path(rule.function.__code__.co_filename).name
            found = f"{file}: rule {rule.name}, quarter {self.quarter - 1}: gives {wrong[0]:g} {rule.unit}"
            raise InputError(f"{found}; allowed: {rule.low:g} to {rule.high:g}, the range that it declares")

    def _blame(self) -> None:
        """Play the run again up to the first quarter that goes wrong, and that one in the readable lane."""
        world, lane = self.world, self.world.lane
        again = CommunityModel(world, seed=self.luck)
        again.held = self.held
        for last, programmes, shocks in (*self._past, (self.quarter, self.programmes, self.shocks)):
            while again.quarter < last:
                before = again.state.copy()
                for column in SHOCKS:
                    before[column] = shocks.get(again.quarter, {}).get(column, 0.0)
                set_levers(programmes, before, again.quarter)
                again.state = before.copy()
                lane.step(again.state, again.quarter, self.luck, world.parameters, self.held)
                if not all(np.isfinite(array.sum()) for array in again.state.arrays.values()):
                    MesaLane(lane.plan, before).fault(again.quarter, self.luck, world.parameters, self.held)
                again.quarter += 1
        raise NotFiniteError(f"a value is not finite by quarter {self.quarter}, from numbers that were written by hand")

    def _wrapped_step(self, executor: Executor | None = None, parts: int = 1) -> None:
        """Mesa's counting around `step`. In Mesa 3.5 a step is an event, which takes no arguments: they wait here."""
        self._split = executor, parts
        try:
            super()._wrapped_step()
        finally:
            self._split = None, 1

    def run_model(self, until: int = QUARTERS) -> None:
        """Step up to the quarter `until`, or as long as `running` is true."""
        while self.running and self.quarter < until:
            self.step()

    @property
    def plan(self) -> Plan:
        """The wired rules."""
        return self.world.lane.plan

    def __deepcopy__(self, memo: dict[int, Any]) -> CommunityModel:
        """An independent copy; it shares what never changes: the world at quarter 0, the borders, the programmes."""
        for shared in (self.world, self.state.layout, self.programmes, self.own):
            memo[id(shared)] = shared
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(vars(self), memo))
        return twin

    def branch(
        self, *, programmes: Sequence[Programme] | None = None, shocks: Mapping[int, Mapping[str, float]] | None = None
    ) -> CommunityModel:
        """A twin: the same world from here on, with other programmes or shocks to come."""
        flows = self.programmes if programmes is None else programmes
        here = replace(self.world, state=self.state)  # so that the state is copied once
        twin = CommunityModel(here, flows, seed=self.luck, shocks=shocks)
        twin.world, twin.held, twin.quarter = self.world, self.held, self.quarter
        twin._past = (*self._past, (self.quarter, self.programmes, self.shocks))
        return twin
