"""Dupont and Roy's model of poverty traps as rules: investors, the projects of their communities, and stakes between.

C. Dupont and D. Roy, "Emergent poverty traps and inequality at multiple levels impedes social mobility", arXiv
2412.17822 (2024). Of the paper the abstract was read; equations, constants and ranges were read in the authors' public
code (github.com/charlesaugdupont/poverty-trap: model, utilities, optimiser, design), never copied. What is marked
"inferred" stands in neither.

An investor consumes a share of wealth and invests the rest: in a safe asset, and in the projects of the communities
that it or its neighbours belong to. A project that does not collect its threshold pays nothing back: the stakes are
lost. One that does pays a high or a low return. Investors choose by cumulative prospect theory along the frontier of
mean and variance, and turn by an attention of their own from what they believed at first to what they have seen.

The engine's names stay: a society is a `village`, investors and projects are rows of one `household` table, and a
membership is a `tie` from an investor to a project, along which money flows. A step is one of the engine's quarters.
"""

from __future__ import annotations

from sim.engine.functions import exp, power, sqrt
from sim.engine.rule import End, Last, Param, TieMean, TieSum, Uniform, rule
from sim.engine.table import Column, Table

ONCE = 1_000_000  # set in step 0, and never again
LEVELS = 40  # an investor weighs so many sizes of the risky part of its portfolio (inferred)
LEAST_VARIANCE = 1e-4  # of what looks certain after a few steps, so that no appeal is infinite (inferred)
BURN_IN = 5.0  # steps before anybody looks at what was seen
LONGEST_WAIT = 60  # steps to the next look; a Poisson number with mean 10 is longer once in 10^25

nation = Table("nation")
district = Table("district", nation)
society = Table(
    "village",
    district,
    (
        Column("threshold", "share", "what a project must collect, of its members' wealth at the start", 0.0, 1.0),
        Column("best_gain", "times", "upper end of the high returns of projects", 1.6, 20.0),
        Column("saving", "share", "part of wealth that is invested; the rest is consumed", 0.0, 1.0),
        Column("least_chance", "share", "lower end of the chances of the low return; 1 less it is the upper", 0.0, 0.5),
    ),
)
party = Table(
    "household",
    society,
    (
        Column("project", "0 or 1", "a project, not an investor", 0.0, 1.0),
        Column("endowment", "wealth", "own wealth at the start; of a project the sum over its members", 0.0),
        Column("memberships", "number", "projects that an investor may join", 0.0),
        Column("chance_rank", "share", "place of the project's chance of the low return in its range", 0.0, 1.0),
        Column("low_rank", "share", "place of the project's low return in its range", 0.0, 1.0),
        Column("high_rank", "share", "place of the project's high return in its range", 0.0, 1.0),
        Column("attention", "share", "weight of what was seen against what was believed at first", 0.0, 1.0),
        Column("gain_slope", "1 / return", "how fast the value of gains saturates", 0.0, 100.0),
        Column("loss_slope", "1 / return", "how fast the value of losses saturates", 0.0, 100.0),
        Column("gain_bend", "exponent", "bend of the weights of chances of gains", 0.3, 1.0),
        Column("loss_bend", "exponent", "bend of the weights of chances of losses", 0.3, 1.0),
    ),
)
project_group = Table("group", society)
membership = Table("tie", society)
TABLES = (nation, district, society, party, project_group, membership)

# --- Projects ---------------------------------------------------------------------------------------------------------


@rule(nation, "times", 1.0, every=ONCE)
def safe_return(value=Param(1.10, "times", low=1.0, high=1.5, source="authors' code (read)")):
    """What the safe asset pays back on one unit."""
    return value


@rule(party, "share", 0.0, 1.0, every=ONCE)
def loss_chance(project, chance_rank, least_chance):
    """Chance that a project pays its low return: uniform from `least_chance` to one less it (read)."""
    return project * (least_chance + (1.0 - 2.0 * least_chance) * chance_rank)


@rule(party, "times", 0.0, every=ONCE)
def low_return(
    project,
    low_rank,
    least=Param(0.90, "times", low=0.0, high=1.0, source="authors' code (read)"),
    most=Param(0.95, "times", low=0.0, high=1.0, source="authors' code (read)"),
):
    """What a funded project pays back on one unit in a bad step."""
    return project * (least + (most - least) * low_rank)


@rule(party, "times", 0.0, every=ONCE)
def high_return(
    project, high_rank, best_gain, least=Param(1.6, "times", low=1.0, high=1.6, source="authors' code (read)")
):
    """What a funded project pays back on one unit in a good step."""
    return project * (least + (best_gain - least) * high_rank)


# --- Beliefs ----------------------------------------------------------------------------------------------------------
# Projects are independent, and beliefs leave out the sampling noise of covariances (inferred: the authors estimate them
# from samples). The frontier of mean and variance then has risky shares in proportion to premium over variance; a
# project without a premium gets none. Three moments of the risky part stand for its whole distribution (inferred).


@rule(party, "times", every=ONCE)
def premium(project, loss_chance, low_return, high_return, safe_return):
    """Mean return of a project above the safe one, as it is believed at first."""
    return project * (loss_chance * low_return + (1.0 - loss_chance) * high_return - safe_return)


@rule(party, "times²", 0.0, every=ONCE)
def variance(loss_chance, low_return, high_return):
    """Variance of a project's return, as it is believed at first."""
    return loss_chance * (1.0 - loss_chance) * (high_return - low_return) * (high_return - low_return)


@rule(party, "share", 0.0, every=ONCE)
def appeal(premium, variance):
    """Premium over variance, as it is believed at first: risky shares of a portfolio are in proportion to it."""
    return max(0.0, premium) / max(LEAST_VARIANCE, variance)


@rule(party, "times", 0.0, every=ONCE)
def pull(appeal, premium):
    """What a project adds to premium and variance of the risky part of a portfolio, as it is believed at first."""
    return appeal * max(0.0, premium)


@rule(party, "times³", every=ONCE)
def lean(appeal, variance, loss_chance, low_return, high_return):
    """What a project adds to the third moment of the risky part of a portfolio, as it is believed at first."""
    return appeal * appeal * appeal * variance * (2.0 * loss_chance - 1.0) * (high_return - low_return)


@rule(society, "steps", 0.0)
def seen_steps(seen_steps):
    """Steps whose returns have been seen."""
    return seen_steps + 1.0


@rule(party, "times", 0.0)
def seen_sum(seen_sum, outcome):
    """Sum of the returns seen so far; those of unfunded steps are 0 and count too (read)."""
    return seen_sum + outcome


@rule(party, "times²", 0.0)
def seen_squares(seen_squares, outcome):
    """Sum of the squares of the returns seen so far."""
    return seen_squares + outcome * outcome


@rule(party, "times³", 0.0)
def seen_cubes(seen_cubes, outcome):
    """Sum of the cubes of the returns seen so far."""
    return seen_cubes + outcome * outcome * outcome


@rule(party, "times")
def seen_mean(total=Last("seen_sum"), steps=Last("seen_steps")):
    """Mean of the returns seen so far."""
    return total / max(1.0, steps)


@rule(party, "times²", 0.0)
def seen_variance(seen_mean, squares=Last("seen_squares"), steps=Last("seen_steps")):
    """Variance of the returns seen so far, with one degree of freedom less than steps (read)."""
    return max(LEAST_VARIANCE, (squares - steps * seen_mean * seen_mean) / max(1.0, steps - 1.0))


@rule(party, "share", 0.0)
def seen_appeal(project, seen_mean, seen_variance, safe_return):
    """Premium over variance, as seen so far."""
    return project * max(0.0, seen_mean - safe_return) / seen_variance


@rule(party, "times", 0.0)
def seen_pull(seen_appeal, seen_mean, safe_return):
    """What a project adds to premium and variance of the risky part of a portfolio, as seen so far."""
    return seen_appeal * max(0.0, seen_mean - safe_return)


@rule(party, "times³")
def seen_lean(seen_appeal, seen_mean, squares=Last("seen_squares"), cubes=Last("seen_cubes"), steps=Last("seen_steps")):
    """What a project adds to the third moment of the risky part of a portfolio, as seen so far."""
    third = (cubes - 3.0 * seen_mean * squares) / max(1.0, steps) + 2.0 * seen_mean * seen_mean * seen_mean
    return seen_appeal * seen_appeal * seen_appeal * third


# --- Investors --------------------------------------------------------------------------------------------------------


def perceived(chance, bend):
    """Weight of a chance in cumulative prospect theory (Tversky and Kahneman 1992)."""
    one, other = power(chance, bend), power(1.0 - chance, bend)
    return one / power(one + other, 1.0 / bend)


def boldest(appeal, pull, lean, safe, gain_slope, loss_slope, gain_bend, loss_bend):
    """The multiple of the risky part that is valued most: 0 is all safe, and 1 / `appeal` holds nothing safe.

    The portfolio's return is taken as the lottery of two outcomes that has its mean, variance and third moment; for one
    project this is exact. Gains are worth 1 - exp(-slope × gain), losses the negative of the same with their own slope
    (read).
    """
    best, chosen = 0.0, 0.0
    if pull > 0.0:
        skewness = lean / (pull * sqrt(pull))
        rise = 0.5 - 0.5 * skewness / sqrt(4.0 + skewness * skewness)
        up, down = sqrt((1.0 - rise) / rise), sqrt(rise / (1.0 - rise))
        hope, fear = perceived(rise, gain_bend), perceived(1.0 - rise, loss_bend)
        best = 1.0 - exp(-gain_slope * (safe - 1.0))
        for level in range(1, LEVELS + 1):
            multiple = level / (LEVELS * appeal)
            mean, spread = safe - 1.0 + multiple * pull, multiple * sqrt(pull)
            high, low = mean + spread * up, mean - spread * down
            gains = hope * (1.0 - exp(-gain_slope * max(0.0, high)))
            gains = gains + (1.0 - hope) * (1.0 - exp(-gain_slope * max(0.0, low)))
            losses = fear * (1.0 - exp(loss_slope * min(0.0, low)))
            if gains - losses > best:
                best, chosen = gains - losses, multiple
    return chosen


def held(chosen, appeal, pull, as_coded):
    """The multiple that is held: the one chosen, or the one whose variance is the spread of the one chosen."""
    spread = chosen * sqrt(pull)
    bolder = sqrt(spread) / sqrt(pull) if pull > 0.0 else 0.0
    return min(1.0 / appeal, as_coded * bolder + (1.0 - as_coded) * chosen) if appeal > 0.0 else 0.0


def poisson(place, mean):
    """The Poisson number at a place (0 to 1) of its distribution."""
    mass = exp(-mean)
    reached, number = mass, 0.0
    for k in range(1, LONGEST_WAIT + 1):
        number = number + (1.0 if place > reached else 0.0)
        mass = mass * mean / k
        reached = reached + mass
    return number


@rule(nation, "0 or 1", 0.0, 1.0, every=ONCE)
def as_coded(
    value=Param(1.0, "0 or 1", low=0.0, high=1.0, source="authors' code (read): the optimiser's last line"),
):
    """Whether the spread that was chosen is then set as a variance, as in the authors' code; 0 keeps it a spread."""
    return value


@rule(party, "times", 0.0, every=ONCE)
def boldness(
    memberships,
    gain_slope,
    loss_slope,
    gain_bend,
    loss_bend,
    safe_return,
    as_coded,
    appeal=TieMean("appeal"),
    pull=TieMean("pull"),
    lean=TieMean("lean"),
):
    """Multiple of the risky part in an investor's first portfolio."""
    whole, force, tilt = memberships * appeal, memberships * pull, memberships * lean
    chosen = boldest(whole, force, tilt, safe_return, gain_slope, loss_slope, gain_bend, loss_bend)
    return held(chosen, whole, force, as_coded)


@rule(party, "steps", 0.0)
def wait(wait, luck=Uniform(), mean=Param(10.0, "steps", low=1.0, high=20.0, source="authors' code (read)")):
    """Steps until an investor looks again at what was seen; the number of steps between two looks is Poisson."""
    return wait - 1.0 if wait > 0.5 else max(0.0, poisson(luck, mean) - 1.0)


@rule(party, "0 or 1", 0.0, 1.0)
def due(project, wait, steps=Last("seen_steps")):
    """Whether an investor looks at what was seen; nobody does in the first five steps (read)."""
    return 1.0 - project if wait < 0.5 and steps > BURN_IN - 0.5 else 0.0


@rule(party, "0 or 1", 0.0, 1.0)
def learned(learned, due):
    """Whether an investor has ever looked at what was seen."""
    return max(learned, due)


@rule(party, "times", 0.0)
def seen_boldness(
    seen_boldness,
    due,
    memberships,
    gain_slope,
    loss_slope,
    gain_bend,
    loss_bend,
    safe_return,
    as_coded,
    appeal=TieMean("seen_appeal"),
    pull=TieMean("seen_pull"),
    lean=TieMean("seen_lean"),
):
    """Multiple of the risky part in the portfolio that an investor would hold by what was seen, at its last look."""
    multiple = seen_boldness
    if due > 0.5:
        whole, force, tilt = memberships * appeal, memberships * pull, memberships * lean
        chosen = boldest(whole, force, tilt, safe_return, gain_slope, loss_slope, gain_bend, loss_bend)
        multiple = held(chosen, whole, force, as_coded)
    return multiple


@rule(party, "wealth", 0.0)
def invested(saving, wealth=Last("wealth")):
    """What an investor does not consume."""
    return saving * wealth


@rule(membership, "share", 0.0)
def seen_share(seen_share, due=End("due", 0), multiple=End("seen_boldness", 0), appeal=End("seen_appeal", 1)):
    """Share of a project in the portfolio that its investor would hold by what was seen, at its last look."""
    return multiple * appeal if due > 0.5 else seen_share


@rule(membership, "share", 0.0)
def share(
    seen_share,
    learned=End("learned", 0),
    attention=End("attention", 0),
    multiple=End("boldness", 0),
    appeal=End("appeal", 1),
):
    """Share of a project in its investor's portfolio: of the first one, and of the one by what was seen (read)."""
    return (1.0 - learned * attention) * multiple * appeal + learned * attention * seen_share


# --- Money ------------------------------------------------------------------------------------------------------------


@rule(membership, "wealth", 0.0)
def stake(share, invested=End("invested", 0)):
    """What an investor puts into a project."""
    return share * invested


@rule(party, "wealth")
def staked(flow=TieSum("stake")):
    """What a project collects; of an investor, less what it puts into projects."""
    return flow


@rule(party, "0 or 1", 0.0, 1.0)
def funded(project, staked, threshold, endowment):
    """Whether a project collects its threshold, a share of what its members had at the start (read)."""
    return project if staked >= threshold * endowment else 0.0


@rule(party, "times", 0.0)
def outcome(funded, loss_chance, low_return, high_return, luck=Uniform()):
    """What a project pays back on one unit: nothing where it was not funded (read)."""
    return funded * (low_return if luck < loss_chance else high_return)


@rule(membership, "wealth")
def payout(stake, outcome=End("outcome", 1)):
    """What a project pays back to an investor, as a flow towards the project: negative."""
    return -stake * outcome


@rule(party, "wealth")
def paid(flow=TieSum("payout")):
    """What an investor gets from projects; of a project, less what it pays."""
    return flow


@rule(party, "wealth", 0.0)
def wealth(
    project,
    invested,
    staked,
    paid,
    safe_return,
    ceiling=Param(6e4, "wealth", low=1.0, high=1e9, source="authors' code (read): what their half precision holds"),
):
    """Wealth at the end of a step: what the safe part and the projects pay."""
    return (1.0 - project) * min(ceiling, max(0.0, safe_return * (invested + staked) + paid))
