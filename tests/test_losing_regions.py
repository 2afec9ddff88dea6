"""No policy is unbeatable: each has a region of the parameters where it loses, found by search and checked again here.

A region is a finding, never forced. `pytest -m full --renew tests/test_losing_regions.py` searches anew (some minutes)
and writes `reference/losing_regions.toml`, and `scenarios/data/losing_shares.csv` for `swadaya explain policies`.
"""

from __future__ import annotations

import csv
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from sim.latin_hypercube import latin_hypercube
from sim.policies import catalogue, world_2017
from sim.regime import regions
from sim.regime.regions import OUTCOMES
from sim.scenario import BASELINE, check
from sim.workers import Workers

FOLDER = Path(__file__).parent / "reference"
REGIONS, SHARES = FOLDER / "losing_regions.toml", regions.losses_path()
POLICIES = sorted(  # those that compete for the budget
    name for name, about in catalogue().items() if about.ranked and not hasattr(world_2017, name)
)
SETS, SEED = 100, 1  # of the search
WORLD = {"villages": 6, "households": 50, "seed": 2}
LUCKS = 3
OFTEN = 0.05  # share of worlds: a loss that is rarer may be luck of a small world
HEAD = """\
# Where each policy loses: one set of parameters a policy, the clearest loss found that most sets around it share,
# against the dividend where it loses to that in five of a hundred worlds or more, else against whom it loses most
# often. A loss is one under every luck;
# `difference` is policy minus rival, the mean over lucks (headcount and self_sufficient in percentage points,
# own_income in z per person and quarter).
# `lost` of the `tried` sets show this loss; `without_rest` more sets have no world at rest. Every parameter was drawn
# over its whole range by a Latin hypercube.
# Written by tests/test_losing_regions.py.
"""


def scenario(known, *arms, world=WORLD, first_seed=1, seeds=LUCKS):
    """A small world with some arms."""
    document = {
        "title": "Where policies lose",
        "population": world,
        "replications": {"first_seed": first_seed, "seeds": seeds},
        "arms": [{"policy": name} for name in dict.fromkeys([BASELINE, *arms])],
    }
    return check(document, known)


def stored():
    """The regions of the file by policy."""
    return {one["policy"]: one for one in tomllib.loads(REGIONS.read_text(encoding="utf-8"))["regions"]}


def again(known, region, parameters):
    """The two arms of a region, under other parameters perhaps."""
    base = scenario(
        known, region["policy"], region["rival"], world=region["world"],
        first_seed=region["lucks"][0], seeds=len(region["lucks"]),
    )  # fmt: skip
    return regions.compare(base.model_copy(update={"parameters": parameters}), [region["outcome"]])


def chosen(found, policy):
    """The rival and the outcome against which a policy's loss is stored."""
    others = [name for name in (BASELINE, *POLICIES) if name not in (policy, "dividend")]
    for rivals in (["dividend"], others):
        pairs = [(rival, outcome) for rival in rivals for outcome in OUTCOMES if rival != policy]
        best = max(pairs, key=lambda pair: found.share(policy, *pair), default=None)
        if best is not None and found.share(policy, *best) >= OFTEN:
            return best
    return None


def around(known, parameters, seed):
    """Eight sets within a tenth of each range of one."""
    names = list(parameters)
    low, high = (np.array([getattr(known.parameters[name], end) for name in names]) for end in ("low", "high"))
    cube = latin_hypercube(8, len(names), np.random.Generator(np.random.Philox(seed)))
    points = np.clip(np.array(list(parameters.values())) + 0.2 * (cube - 0.5) * (high - low), low, high)
    return [dict(zip(names, map(float, point), strict=True)) for point in points]


def share_around(known, policy, rival, outcome, parameters, seed, executor=None):
    """Share of the sets around one in which the mean loss stays."""
    tried = regions.search(scenario(known, policy, rival), around(known, parameters, seed), executor).tried
    return np.mean([one.lead(policy, rival, outcome).mean() < 0.0 for one in tried]) if tried else 0.0


def steadiest(known, policy, rival, outcome, lost, executor):
    """The clearest loss that three quarters of the sets around it share, else the one that most share."""
    shares = []
    for one in lost:
        shares.append(share_around(known, policy, rival, outcome, one.parameters, 4, executor))
        if shares[-1] >= 0.75:
            break
    return lost[int(np.argmax(shares))]


def text_of(known, found, policy, rival, outcome, executor):
    """One region as TOML. The largest of many losses is large by luck too: what is stored has others around it."""
    lost = found.lost(policy, rival, outcome)
    clearest = steadiest(known, policy, rival, outcome, lost, executor)
    difference = OUTCOMES[outcome][1] * clearest.lead(policy, rival, outcome).mean()
    world = ", ".join(f"{key} = {value}" for key, value in WORLD.items())
    lines = [
        "", "[[regions]]", f'policy = "{policy}"', f'rival = "{rival}"', f'outcome = "{outcome}"',
        f"difference = {difference:.6g}", f"lost = {len(lost)}", f"tried = {len(found.tried)}",
        f"without_rest = {found.without_rest}", f"found = {datetime.now(UTC).date()}", f"world = {{ {world} }}",
        f"lucks = {list(range(1, LUCKS + 1))}", "[regions.parameters]",
    ]  # fmt: skip
    return "\n".join([*lines, *(f'"{name}" = {value!r}' for name, value in clearest.parameters.items())]) + "\n"


def write(known, found, executor):
    """Both files."""
    pairs = {policy: pair for policy in POLICIES if (pair := chosen(found, policy))}
    texts = [text_of(known, found, policy, *pair, executor) for policy, pair in pairs.items()]
    REGIONS.write_text(HEAD + "".join(texts), encoding="utf-8")
    with SHARES.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["policy", "rival", "outcome", "lost", "tried"])
        for policy in POLICIES:
            for rival in (BASELINE, *POLICIES):
                if rival != policy:
                    for outcome in OUTCOMES:
                        rows.writerow(
                            [policy, rival, outcome, len(found.lost(policy, rival, outcome)), len(found.tried)]
                        )


# --- The regions ------------------------------------------------------------------------------------------------------


def test_every_policy_has_a_region_where_it_loses():
    assert sorted(stored()) == POLICIES
    with SHARES.open(encoding="utf-8") as file:
        rows = {(row["policy"], row["rival"], row["outcome"]): row for row in csv.DictReader(file)}
    for policy, region in stored().items():
        row = rows[policy, region["rival"], region["outcome"]]
        assert int(row["lost"]) == region["lost"] >= 1
        assert int(row["tried"]) == region["tried"] == SETS - region["without_rest"]


def test_regions_lie_within_the_ranges_of_their_parameters(known):
    for region in stored().values():
        assert set(region["parameters"]) == set(known.parameters) - set(regions.SOLVED)
        for name, value in region["parameters"].items():
            assert known.parameters[name].low <= value <= known.parameters[name].high, name


@pytest.mark.parametrize("policy", POLICIES)
def test_it_still_loses_there(known, policy):
    region = stored()[policy]
    found = again(known, region, region["parameters"])
    lead = found.lead(policy, region["rival"], region["outcome"])
    assert found.loses(policy, region["rival"], region["outcome"]), lead
    difference = OUTCOMES[region["outcome"]][1] * lead.mean()
    assert difference == pytest.approx(region["difference"], rel=0.05)


@pytest.mark.full
@pytest.mark.parametrize("policy", POLICIES)
def test_it_loses_all_around(known, policy):
    """Sets around it that the choice of the stored one did not ask."""
    region = stored()[policy]
    assert share_around(known, policy, region["rival"], region["outcome"], region["parameters"], 3) > 0.5


@pytest.mark.full
def test_the_search_finds_a_region_for_every_policy(known, renew):
    base = scenario(known, *POLICIES)
    with Workers() as workers:
        found = regions.search(base, regions.draws(known.parameters, SETS, SEED), workers)
        if renew:
            write(known, found, workers)
    assert [policy for policy in POLICIES if chosen(found, policy) is None] == []


# --- The search -------------------------------------------------------------------------------------------------------


def test_a_latin_hypercube_covers_every_axis_evenly():
    points, same, other = (latin_hypercube(50, 7, np.random.default_rng(seed)) for seed in (4, 4, 5))
    assert points.shape == (50, 7)
    assert (np.sort(np.floor(points * 50), axis=0) == np.arange(50)[:, None]).all()
    assert np.abs(np.corrcoef(points.T) - np.eye(7)).max() < 0.5
    assert (points == same).all()
    assert (points != other).all()


def test_draws_cover_the_ranges_but_not_what_is_solved(known):
    drawn = regions.draws(known.parameters, 40, 1)
    for name, about in known.parameters.items():
        if name in regions.SOLVED:
            assert name not in drawn[0]
        else:
            values = np.array([one[name] for one in drawn])
            assert (values >= about.low).all() and (values <= about.high).all()
            assert np.ptp(values) >= 0.94 * (about.high - about.low)


def test_the_search_counts_what_has_no_world_at_rest(known, monkeypatch, restless):
    solve = regions.study.solve
    monkeypatch.setattr(regions.study, "solve", lambda *a: (restless if a[5] else solve)(*a))
    base = scenario(known, "dividend", world={"villages": 4, "households": 40, "seed": 2}, seeds=1)
    found = regions.search(base, [{"luck.spread": 0.3}, {}])
    assert found.without_rest == 1 and len(found.tried) == 1
    (only,) = found.tried
    assert set(only.levels) == {(arm, outcome) for arm in (BASELINE, "dividend") for outcome in OUTCOMES}


def test_leads_point_the_right_way():
    levels = {
        ("a", "headcount"): np.array([9.0, 8.0]), ("b", "headcount"): np.array([10.0, 8.5]),
        ("a", "own_income"): np.array([2.0, 2.0]), ("b", "own_income"): np.array([2.1, 1.9]),
    }  # fmt: skip
    tried = regions.Tried({}, levels)
    assert (tried.lead("a", "b", "headcount") == [1.0, 0.5]).all()
    assert tried.loses("b", "a", "headcount") and not tried.loses("a", "b", "headcount")
    assert not tried.loses("a", "b", "own_income") and not tried.loses("b", "a", "own_income")
    found = regions.Search([tried, tried], 3)
    assert found.share("b", "a", "headcount") == 1.0 and found.share("a", "b", "headcount") == 0.0
