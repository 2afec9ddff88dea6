"""Step 0 of Dupont and Roy's model: wealth, the network that wealth makes, its communities, and their projects.

Two people are linked with a chance that falls with the distance of their wealth (Social Distance Attachment), so that a
high `homophily` segregates rich from poor. Communities are found by label propagation; each has one project, which its
members and their neighbours may join. All of this was read in the authors' code, with its constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import networkx
import numpy as np

from sim.engine.draw import place_key
from sim.engine.plan import Plan
from sim.engine.table import Layout, State

from .poverty_trap import poisson

PEOPLE = 1225
MEAN_WEALTH, SPREAD_OF_WEALTH = 10.0, 1.0
REACH = 1.0 / 15.0  # distance at which a link has an even chance, in mean distances
# Investors' tastes: lower and upper end of uniform draws.
TASTES = {
    "attention": (0.0, 1.0),
    "gain_slope": (5.0, 30.0),
    "loss_slope": (31.0, 70.0),
    "gain_bend": (0.50, 0.70),
    "loss_bend": (0.71, 0.90),
}
RANKS = ("chance_rank", "low_rank", "high_rank")


@dataclass(frozen=True)
class Point:
    """One point of the authors' design.

    Attributes
    ----------
    threshold
        What a project must collect, as a share of its members' wealth at the start (their theta, 0.01 to 0.20).
    best_gain
        Upper end of the high returns (gain_right, 1.7 to 8).
    saving
        Part of wealth that is invested (saving_prop, 0.70 to 0.80).
    least_chance
        Lower end of the chances of the low return (prob_left, 0.30 to 0.45).
    homophily
        How sharply links end with the distance of wealth (alpha, 2 to 12).
    """

    threshold: float
    best_gain: float
    saving: float
    least_chance: float
    homophily: float


RANGES = {
    "threshold": (0.01, 0.20),
    "best_gain": (1.7, 8.0),
    "saving": (0.70, 0.80),
    "least_chance": (0.30, 0.45),
    "homophily": (2.0, 12.0),
}


def uniforms(seed: int, name: str, count: int) -> np.ndarray:
    """`count` draws in (0, 1), keyed by (seed, name): raw Philox words, which never change between versions."""
    digest = blake2b(f"foreign\x1f{name}".encode(), digest_size=8).digest()
    key = np.array([seed % 2**64, int.from_bytes(digest, "little")], dtype=np.uint64)
    return (np.random.Philox(key=key).random_raw(count) >> np.uint64(12)).astype(float) * 2.0**-52 + 2.0**-53


def normals(seed: int, name: str, count: int) -> np.ndarray:
    """`count` standard normal draws, keyed like `uniforms` (Box and Muller)."""
    radius, turn = uniforms(seed, f"{name} radius", count), uniforms(seed, f"{name} turn", count)
    return np.sqrt(-2.0 * np.log(radius)) * np.cos(2.0 * np.pi * turn)


@dataclass(frozen=True)
class Society:
    """People and projects at step 0.

    Attributes
    ----------
    wealth
        Of each person.
    community
        Of each person: the number of its own.
    joins
        [person, project]: whether the person may join; a project is open to all whose neighbours are of its community.
    """

    seed: int
    wealth: np.ndarray
    community: np.ndarray
    joins: np.ndarray

    @property
    def projects(self) -> int:
        """Number of projects, one a community."""
        return self.joins.shape[1]

    def together(self, wealth: np.ndarray) -> np.ndarray:
        """What those who may join each project hold; added person by person, so the same to the last bit everywhere."""
        return np.where(self.joins, wealth[:, np.newaxis], 0.0).sum(axis=0)


def links(wealth: np.ndarray, homophily: float, seed: int) -> networkx.Graph:
    """The network: chance 1 / (1 + (distance / reach)^homophily), every part linked to the largest one."""
    people = len(wealth)
    one, other = np.triu_indices(people, 1)
    distance = np.abs(wealth[one] - wealth[other])
    ratio = distance / (REACH * distance.mean())
    linked = uniforms(seed, "links", len(one)) * (1.0 + ratio**homophily) < 1.0
    graph = networkx.Graph()
    graph.add_nodes_from(range(people))
    graph.add_edges_from(zip(one[linked].tolist(), other[linked].tolist(), strict=True))
    parts = sorted((sorted(part) for part in networkx.connected_components(graph)), key=lambda part: (-len(part), part))
    chosen = uniforms(seed, "bridges", len(parts))
    for part, place in zip(parts[1:], chosen[1:], strict=True):
        person = part[int(place * len(part))]
        graph.add_edge(person, parts[0][int(np.argmin(np.abs(wealth[parts[0]] - wealth[person])))])
    return graph


def found(seed: int, homophily: float, people: int = PEOPLE) -> Society:
    """Draw a society; `seed` keys wealth and luck alike, so that designs share both."""
    wealth = np.maximum(0.0, MEAN_WEALTH + SPREAD_OF_WEALTH * normals(seed, "wealth", people))
    graph = links(wealth, homophily, seed)
    communities = sorted(sorted(one) for one in networkx.community.label_propagation_communities(graph))
    community = np.empty(people, np.int64)
    for number, members in enumerate(communities):
        community[members] = number
    joins = np.zeros((people, len(communities)), bool)
    joins[np.arange(people), community] = True
    for one, other in graph.edges:
        joins[one, community[other]] = joins[other, community[one]] = True
    return Society(seed, wealth, community, joins)


def layout(societies: Sequence[Society]) -> Layout:
    """Rows and borders: people first, then projects; one tie a membership. Equal seeds have equal luck."""
    ties = [np.nonzero(society.joins) for society in societies]
    rows = [len(society.wealth) + society.projects for society in societies]
    ends = [np.stack([one, len(s.wealth) + other]) for s, (one, other) in zip(societies, ties, strict=True)]

    def starts(counts: Sequence[int]) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    return Layout(
        tuple(f"{place} seed {society.seed}" for place, society in enumerate(societies)),
        np.zeros(len(societies), np.int64),
        1,
        {
            "household": starts(rows),
            "group": np.zeros(len(societies) + 1, np.int64),
            "tie": starts([len(one) for one, _ in ties]),
        },
        np.concatenate(ends, axis=1).astype(np.int64),
        np.array([place_key(f"society {society.seed}") for society in societies], np.int64),
    )


def first_state(plan: Plan, societies: Sequence[Society], points: Sequence[Point]) -> State:
    """All columns at step 0: one society a point, each a village of its own."""
    state, between = State(plan.columns, layout(societies)), float(plan.parameters["wait.mean"])
    for name in ("threshold", "best_gain", "saving", "least_chance"):
        state[name] = [getattr(point, name) for point in points]
    for society, first in zip(societies, state.layout.start["household"], strict=False):
        people, projects = society.joins.shape
        who, what = slice(first, first + people), slice(first + people, first + people + projects)
        state["wealth"][who] = state["endowment"][who] = society.wealth
        state["memberships"][who] = society.joins.sum(axis=1)
        for name, (low, high) in TASTES.items():
            state[name][who] = low + (high - low) * uniforms(society.seed, name, people)
        places = uniforms(society.seed, "wait", people).tolist()
        state["wait"][who] = [1.0 + poisson(place, between) for place in places]
        state["project"][what] = 1.0
        state["endowment"][what] = society.together(society.wealth)
        state["gain_bend"][what] = state["loss_bend"][what] = 1.0
        for name in RANKS:
            state[name][what] = uniforms(society.seed, name, projects)
    return state
