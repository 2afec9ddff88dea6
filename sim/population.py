"""The people at quarter 0: synthesised from published aggregates.

Every draw is a counter-based Philox word keyed by (population seed, code of the village, name of the attribute), so
adding a village, or an attribute, changes nobody else's draws. Consumption alone is then *raked*: a step over the whole
world that keeps who is poorer than whom and moves the levels onto the published distribution. Only through this step
does another village shift the others' consumption, a little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from statistics import NormalDist
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.ties import TIES, USUAL, village_ties

ACTIVITIES = ("farming", "livestock", "trade", "services")
LARGEST_HOUSEHOLD = 12  # persons; 1 + Poisson(2.9) exceeds it once in 19 000 households
DEGREE = 6.0  # ties a household, mean
SD_POTENTIAL = 0.6  # sd of the log of what a village's place is good for, kind by kind of work
PASSED_ON = (0.22, 0.4)  # share of national growth that reaches a village: mean, and sd of its log
DISTRICT = 10  # villages of a district, where none is named
SUBDISTRICT = 5  # simulated villages in a subdistrict (kecamatan); in the country 10, so this is a sample

Columns = dict[str, np.ndarray]
Aggregates = Mapping[str, Any]  # published figures by dotted name ("household.size"), see sim.survey.read_aggregates

normal_score = np.vectorize(NormalDist().inv_cdf, otypes=[float])
normal_share = np.vectorize(NormalDist().cdf, otypes=[float])


@dataclass(frozen=True)
class TwoPieceLognormal:
    """Log consumption with one mode and a normal half on each side of it (z per person and quarter).

    John (1982) two-piece normal: the density is continuous at the mode, and a share ``below / (below + above)`` of
    persons lies under it.
    """

    mode: float
    below: float
    above: float

    @classmethod
    def published(cls, aggregates: Aggregates) -> TwoPieceLognormal:
        """The distribution over persons that was fitted to the published figures."""
        return cls(
            aggregates["consumption.mode"], aggregates["consumption.sd_below"], aggregates["consumption.sd_above"]
        )

    def quantile(self, share: np.ndarray) -> np.ndarray:
        """Consumption (z per person and quarter) under which the given share (0-1) of persons lies."""
        lower = self.below / (self.below + self.above)
        inside = share < lower
        half = np.where(inside, share / (2.0 * lower), 0.5 + (share - lower) / (2.0 * (1.0 - lower)))
        score = normal_score(np.clip(half, 2.0**-53, 1.0 - 2.0**-53))
        return np.exp(self.mode + np.where(inside, self.below, self.above) * score)


def uniforms(seed: int, place: str, name: str, count: int) -> np.ndarray:
    """`count` draws in (0, 1), keyed by (seed, place, name) and by nothing else; the first k do not depend on `count`.

    Raw Philox words, because NumPy promises that they never change between versions; the half keeps 0 and 1 out.
    """
    digest = blake2b(f"population\x1f{place}\x1f{name}".encode(), digest_size=8).digest()
    key = np.array([seed % 2**64, int.from_bytes(digest, "little")], dtype=np.uint64)
    return (np.random.Philox(key=key).random_raw(count) >> np.uint64(12)).astype(float) * 2.0**-52 + 2.0**-53


def normals(seed: int, place: str, name: str, count: int) -> np.ndarray:
    """`count` standard normal draws, keyed like `uniforms`."""
    return normal_score(uniforms(seed, place, name, count))


def correlated(score: np.ndarray | float, correlation: float, own: np.ndarray) -> np.ndarray:
    """A standard normal score that has the given correlation with `score`, from an independent draw `own`."""
    return correlation * score + np.sqrt(1.0 - correlation * correlation) * own


@dataclass(frozen=True)
class Population:
    """People, villages and ties at quarter 0; arrays are read-only.

    Attributes
    ----------
    district_of, start : district index of each village; village v owns household rows ``[start[v], start[v + 1])``
    household : columns, one value a household. ``consumption`` z per person and quarter (target, luck removed);
        ``size`` persons; ``weight`` households that this one stands for; ``schooling`` years; ``stratum`` 0-3 (elite,
        activist, majority, marginal); ``activity`` 0-3; ``focus`` share of effort in it; ``position_x``,
        ``position_y``, ``theta_rank`` and ``giver`` uniform in (0, 1).
    village : columns, one value a village. ``pass_through`` 0-1, ``remoteness`` rank 0-1, ``road`` 0/1, ``level``
        normal score of mean consumption, ``tilt`` the same of the distance from farming, ``subdistrict`` index,
        ``households`` that the village really has.
    group : ``potential``, ln of productivity, villages x 4 kinds, village by village
    tie_start, tie_from, tie_to, tie_strength : village v owns tie rows ``[tie_start[v], tie_start[v + 1])``; ends are
        household numbers within the village, ``tie_from < tie_to``, sorted
    imputed : column -> what was drawn (keyed by ``seed``) rather than observed, and how
    ties : what they follow, one of `TIES`
    """

    village_code: list[str]
    district_of: np.ndarray
    district_code: list[str]
    start: np.ndarray
    household: Columns
    village: Columns
    group: Columns
    tie_start: np.ndarray
    tie_from: np.ndarray
    tie_to: np.ndarray
    tie_strength: np.ndarray
    imputed: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    ties: str = USUAL

    def __post_init__(self) -> None:
        single = [self.district_of, self.start, self.tie_start, self.tie_from, self.tie_to, self.tie_strength]
        for array in single + [a for table in (self.household, self.village, self.group) for a in table.values()]:
            array.flags.writeable = False

    def uniform(self, name: str) -> np.ndarray:
        """One more attribute: a uniform draw for every household, keyed by (seed, village, name)."""
        villages = zip(self.village_code, np.diff(self.start).tolist(), strict=True)
        return np.concatenate([uniforms(self.seed, code, name, count) for code, count in villages])


def village_of(start: np.ndarray) -> np.ndarray:
    """The village of each household, from the place of each village's first household and of the end."""
    return np.repeat(np.arange(len(start) - 1), np.diff(start))


def share_below(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Share of the weight that is below each value, half of its own counted, 0-1; ties stand by row.

    Parameters
    ----------
    values, weight : array, shape (n,)
        In any unit; weights above 0.
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    found = np.empty(len(order))
    found[order] = (reached - 0.5 * weight[order]) / reached[-1]
    return found


def rake(population: Population, distribution: TwoPieceLognormal) -> Population:
    """Move consumption onto a distribution over persons, keeping every household's rank.

    Each household takes the quantile at the middle of its own slice of persons (size x weight).
    """
    persons = population.household["size"] * population.household["weight"]
    consumption = distribution.quantile(share_below(population.household["consumption"], persons))
    return replace(population, household={**population.household, "consumption": consumption})


def _category(shares: Sequence[float], rank: np.ndarray) -> np.ndarray:
    """The category of each rank (0-1), categories filled in order by their shares."""
    return np.searchsorted(np.cumsum(shares)[:-1], rank).astype(float)


def household_size(aggregates: Aggregates, score: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Persons: 1 + Poisson, poorer households larger; `score` is the normal score of consumption per person."""
    rate = aggregates["household.size"] - 1.0
    terms = np.cumprod(np.concatenate([[1.0], rate / np.arange(1, LARGEST_HOUSEHOLD)])) * np.exp(-rate)
    latent = correlated(score, aggregates["household.size_consumption"], own)
    return 1.0 + _category(terms, normal_share(latent))


def household_attributes(
    aggregates: Aggregates, seed: int, code: str, score: np.ndarray, size: np.ndarray, tilt: float
) -> Columns:
    """What one village's households are, given size and the normal score of consumption.

    `tilt` (normal score) is the village's distance from farming. Standing is ranked within the village.
    """
    count = len(score)
    normal, uniform = (partial(draw, seed, code, count=count) for draw in (normals, uniforms))
    size_score = (size - aggregates["household.size"]) / np.sqrt(aggregates["household.size"] - 1.0)
    female = correlated(size_score, aggregates["household.female_head_size"], normal("female_head"))
    schooling = correlated(score, aggregates["household.schooling_consumption"], normal("schooling"))
    standing = correlated(score, aggregates["household.stratum_consumption"], normal("stratum"))
    distance = correlated(score, aggregates["household.activity_consumption"], normal("activity"))
    distance = correlated(tilt, np.sqrt(aggregates["household.activity_village"]), distance)
    rank = (np.argsort(np.argsort(-standing, kind="stable")) + 0.5) / count
    levels = np.asarray(aggregates["household.schooling_levels"], dtype=float)
    spread = 2.0 * min(aggregates["household.focus"] - 0.25, 1.0 - aggregates["household.focus"])
    return {
        "female_head": (female > NormalDist().inv_cdf(1.0 - aggregates["household.female_head"])).astype(float),
        "schooling": levels[_category(aggregates["household.schooling_shares"], normal_share(schooling)).astype(int)],
        "stratum": _category(aggregates["household.strata"], rank),
        "activity": _category(aggregates["household.activities"], normal_share(distance)),
        "focus": aggregates["household.focus"] + spread * (0.5 * (uniform("focus/1") + uniform("focus/2")) - 0.5),
    } | {name: uniform(name) for name in ("theta_rank", "giver", "position_x", "position_y")}


IMPUTED = {
    "size": "1 + Poisson, larger among the poor",
    "female_head": "a fixed share of households, more often small ones",
    "schooling": "shares of school levels, correlated with consumption",
    "stratum": "fixed shares within the village, ordered with consumption but noisy",
    "activity": "fixed shares, farming more often among the poor and in remote villages",
    "focus": "mean of two uniform draws around the mean focus",
    "theta_rank, giver, position": "uniform",
    "remoteness": "uniform rank",
    "road": "published share without a road, more often remote villages",
    "pass_through": "lognormal around the mean asked for, at most 1, independent of everything else",
    "potential": "ln normal with mean 0, independent between villages and kinds",
    "subdistrict": f"{SUBDISTRICT} neighbouring villages of a district",
    "ties": TIES[USUAL],
}


@dataclass(frozen=True)
class Villages:
    """Which villages there are; NaN is drawn. ``households`` is the real number, ``potential`` is ln, villages x 4."""

    code: list[str]
    district: list[str]
    households: np.ndarray
    pass_through: np.ndarray
    remoteness: np.ndarray
    potential: np.ndarray

    def imputed(self) -> dict[str, str]:
        """What a world of these villages has to draw, and how."""
        texts = dict(IMPUTED)
        for name in ("pass_through", "remoteness", "potential"):
            unknown = np.isnan(getattr(self, name)).reshape(len(self.code), -1).any(axis=1).sum()
            texts[name] = f"{unknown} of {len(self.code)} villages: {texts[name]}"
            if unknown == 0:
                del texts[name]
        return texts

    @classmethod
    def unnamed(cls, count: int, seed: int, mean: float, sd_log: float) -> Villages:
        """`count` villages V00001… of lognormal size (households, given mean and sd of the log)."""
        code = [f"V{number + 1:05d}" for number in range(count)]
        district = [f"D{number // DISTRICT + 1:03d}" for number in range(count)]
        score = np.array([normals(seed, c, "households", 1)[0] for c in code])
        unknown = np.full(count, np.nan)
        households = np.round(mean * np.exp(sd_log * score - 0.5 * sd_log * sd_log))
        return cls(code, district, np.maximum(households, 1.0), unknown, unknown, np.full((count, 4), np.nan))


def village_attributes(aggregates: Aggregates, seed: int, villages: Villages) -> Columns:
    """Columns of the villages, and their potentials village by village; what the villages already state is kept."""

    def normal(name: str) -> np.ndarray:
        return np.array([normals(seed, code, f"village/{name}", 1)[0] for code in villages.code])

    given = normal_score(np.clip(np.nan_to_num(villages.remoteness), 1e-6, 1.0 - 1e-6))
    distant = np.where(np.isnan(villages.remoteness), normal("remoteness"), given)
    mean, sd = PASSED_ON
    passed = mean * np.exp(sd * normal("pass_through") - 0.5 * sd * sd)
    lack = correlated(distant, aggregates["village.road_remoteness"], normal("road"))
    potential = SD_POTENTIAL * np.stack([normal(f"potential/{kind}") for kind in ACTIVITIES], axis=1)
    return {
        "pass_through": np.where(np.isnan(villages.pass_through), np.minimum(passed, 1.0), villages.pass_through),
        "remoteness": np.where(np.isnan(villages.remoteness), normal_share(distant), villages.remoteness),
        "road": (lack < NormalDist().inv_cdf(1.0 - aggregates["village.no_road"])).astype(float),
        "level": correlated(distant, aggregates["consumption.remoteness"], normal("level")),
        "tilt": correlated(distant, aggregates["household.activity_remoteness"], normal("tilt")),
        "subdistrict": _subdistricts(villages.district),
        "households": villages.households.copy(),
        "potential": np.where(np.isnan(villages.potential), potential, villages.potential).reshape(-1),
    }


def _subdistricts(district: list[str]) -> np.ndarray:
    """Index of the subdistrict of each village: neighbours in the order of their district."""
    seen: Counter[str] = Counter()
    index: dict[tuple[str, int], int] = {}
    rows = []
    for name in district:
        rows.append(index.setdefault((name, seen[name] // SUBDISTRICT), len(index)))
        seen[name] += 1
    return np.array(rows, dtype=float)


def _offsets(counts: Sequence[int]) -> np.ndarray:
    """First row of each village, and the end."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def assemble(
    seed: int,
    villages: Villages,
    columns: Columns,
    blocks: list[Columns],
    degree: float,
    imputed: dict[str, str],
    ties: str = USUAL,
) -> Population:
    """Put the villages' households together and tie them; `columns` are those of `village_attributes`."""
    tied = [
        village_ties(partial(uniforms, seed, code), (b["position_x"], b["position_y"]), b["activity"], degree, ties)
        for code, b in zip(villages.code, blocks, strict=True)
    ]
    first, second, strength = (np.concatenate(ends) for ends in zip(*tied, strict=True))
    district_code = list(dict.fromkeys(villages.district))
    position = {name: number for number, name in enumerate(district_code)}
    return Population(
        village_code=list(villages.code),
        district_of=np.array([position[name] for name in villages.district]),
        district_code=district_code,
        start=_offsets([len(block["size"]) for block in blocks]),
        household={name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]},
        village={name: column for name, column in columns.items() if name != "potential"},
        group={"potential": columns["potential"]},
        tie_start=_offsets([len(ends[0]) for ends in tied]),
        tie_from=first,
        tie_to=second,
        tie_strength=strength,
        imputed=imputed | {"ties": TIES[ties]},
        seed=seed,
        ties=ties,
    )


def synthesise(
    aggregates: Aggregates,
    villages: int | Villages = 40,
    mean_households: int = 250,
    seed: int = 1,
    *,
    sd_log_size: float = 0.3,
    between: float = 0.18,
    degree: float = DEGREE,
    raking: bool = True,
    ties: str = USUAL,
) -> Population:
    """Draw a world from published aggregates.

    Parameters
    ----------
    aggregates, villages : published figures by name; how many villages, or which ones (both from `sim.survey`)
    mean_households : households *simulated* in a village of mean size. A desa has some 525; 250 is a sample of a few
        hamlets (*dusun*), enough for a village's own dynamics at half the cost, and ``weight`` carries the rest
    sd_log_size : sd of the log of village size (0.8-1.0 over the country; like villages make arms easier to compare)
    between : share of the variance of the normal score of consumption between villages (assumption, 0.15-0.20)
    degree : mean ties a household
    raking : move consumption onto the published distribution, over the whole world
    ties : what they follow, one of `TIES`; the ablation of place or interest
    """
    if mean_households < 1 or (isinstance(villages, int) and villages < 1):
        raise InputError(f"A population needs a village and a household; got {villages} x {mean_households}.")
    if not 0.0 <= between < 1.0:
        raise InputError(f"The share of variance between villages must be at least 0 and under 1; found {between}.")
    real = aggregates["village.households"]
    known = villages if isinstance(villages, Villages) else Villages.unnamed(villages, seed, real, sd_log_size)
    columns = village_attributes(aggregates, seed, known)
    distribution = TwoPieceLognormal.published(aggregates)
    blocks = []
    for row, code in enumerate(known.code):
        count = max(1, round(float(known.households[row]) * mean_households / real))
        own = normals(seed, code, "consumption", count)
        score = correlated(columns["level"][row], np.sqrt(between), own)
        size = household_size(aggregates, score, normals(seed, code, "size", count))
        weight = np.full(count, known.households[row] / count)
        block = {"size": size, "weight": weight, "consumption": distribution.quantile(normal_share(score))}
        blocks.append(block | household_attributes(aggregates, seed, code, score, size, columns["tilt"][row]))
    population = assemble(seed, known, columns, blocks, degree, known.imputed(), ties)
    return rake(population, distribution) if raking else population
