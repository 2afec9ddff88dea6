"""The community as a Mesa model: one run of one arm under one luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor

import mesa
import numpy as np

from sim.engine.lane import holding
from sim.engine.table import State
from sim.policies.policy import Programme, set_levers
from sim.start import World


class CommunityModel(mesa.Model):
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
        Quarter -> column ("macro_shock", "local_shock") -> log shock in that quarter; columns are 0 otherwise.
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
        self.shocks = dict(shocks or {})
        self.state: State = world.state.copy()
        self.quarter = 0

    def step(self, executor: Executor | None = None, parts: int = 1) -> None:
        """Advance by one quarter."""
        shock = self.shocks.get(self.quarter, {})
        for column in ("macro_shock", "local_shock"):
            self.state[column] = shock.get(column, 0.0)
        set_levers(self.programmes, self.state, self.quarter)
        self.world.lane.step(self.state, self.quarter, self.luck, self.world.parameters, self.held, executor, parts)
        self.quarter += 1

    def branch(
        self, *, programmes: Sequence[Programme] | None = None, shocks: Mapping[int, Mapping[str, float]] | None = None
    ) -> CommunityModel:
        """A twin: the same world from here on, with other programmes or shocks to come."""
        twin = CommunityModel(self.world, self.programmes if programmes is None else programmes, seed=self.luck, shocks=shocks)
        twin.held, twin.state, twin.quarter = self.held, self.state.copy(), self.quarter
        return twin
