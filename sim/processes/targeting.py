"""Who is on a programme's list (M10): the agency's proxy means test, the community's ranking, and what they misread."""

from __future__ import annotations

from sim.agents.household import household
from sim.engine.functions import log
from sim.engine.rule import Last, Normal, Param, Rank, Sum, rule

SURVEY_ROUND = 16  # quarters between the rounds of the unified database (2011, 2015)


@rule(household, "standard deviations", every=SURVEY_ROUND)
def proxy_misreading(draw=Normal()):
    """What is misread about a household, by its assets and roof or by its neighbours, until the next round of the database.

    One draw, whoever ranks: of two that know nothing of each other the mean would be better than both, and a list that
    is half the community's was somewhat worse than the proxy means test's (Alatas et al. 2012; read).
    """
    return draw


@rule(household, "log", every=4)
def proxy_score(
    proxy_misreading,
    welfare=Last("expected_income"),
    noise=Param(
        0.45,
        "log",
        low=0.35,
        high=0.6,
        source="mistargeting 30 % under the proxy means test (Alatas et al. 2012; from memory)",
    ),
):
    """Welfare as the agency sees it, once a year; the lowest come first."""
    return log(max(1e-6, welfare)) + noise * proxy_misreading


@rule(household, "log", every=4)
def community_score(
    proxy_misreading,
    female_head,
    stratum,
    earning=Last("permanent_income"),
    noise=Param(
        0.5,
        "log",
        low=0.4,
        high=0.7,
        source="community error 3 points above the proxy means test (Alatas et al. 2012; from memory)",
    ),
    need=Param(
        0.15, "log", low=0.0, high=0.4, source="communities rank by need as they see it (read); size is an assumption"
    ),
    favour=Param(
        0.0,
        "log",
        low=0.0,
        high=0.3,
        source="0: elites gain when benefits are handed out, not when lists are made (Alatas et al. 2019; read); "
        "above 0 a variant",
        what_if=True,
    ),
):
    """Welfare as neighbours rank it, once a year: widows and the marginal count as poorer; `favour` is for the elite.

    Communities have another concept of poverty than consumption (Alatas et al. 2012; read): what a household is able to
    earn, whatever it was given or sent (from memory, medium).
    """
    marginal = 1.0 if stratum > 2.5 else 0.0
    elite = 1.0 if stratum < 0.5 else 0.0
    return log(max(1e-6, earning)) + noise * proxy_misreading - need * max(female_head, marginal) - favour * elite


@rule(household, "log", every=4)
def cash_score(cash_community, elite_barred, proxy_score, community_score, stratum):
    """Order in which households are listed for targeted cash; a barred elite comes after all others."""
    last = 1000.0 * elite_barred if stratum < 0.5 else 0.0
    return cash_community * community_score + (1.0 - cash_community) * proxy_score + last


@rule(household, "quarters", 0.0)
def pkh_term(pkh_term, pkh_stays, listed=Last("gets_pkh")):
    """How long the household has been on the list of Program Keluarga Harapan; 0 off it, and when it is tested anew."""
    return pkh_term + 1.0 if listed > 0.5 and pkh_term + 1.0 < pkh_stays else 0.0


@rule(household, "log", every=4)
def pkh_score(proxy_score, pkh_term):
    """Order in which households are listed: who is on the list stays until its term is over, the others by the test."""
    return proxy_score - (1000.0 if pkh_term > 0.0 else 0.0)


@rule(household, "0 or 1", 0.0, 1.0)
def gets_pkh(pkh_quota, place=Rank("pkh_score", every=4)):
    """On the list of Program Keluarga Harapan."""
    return 1.0 if place < pkh_quota else 0.0


@rule(household, "0 or 1", 0.0, 1.0)
def gets_rastra(rastra_quota, place=Rank("proxy_score", every=4)):
    """On the rice list."""
    return 1.0 if place < rastra_quota else 0.0


@rule(household, "0 or 1", 0.0, 1.0)
def gets_cash(cash_quota, place=Rank("cash_score", every=4)):
    """On the list of a programme of targeted cash."""
    return 1.0 if place < cash_quota else 0.0


@rule(household, "0 or 1", 0.0, 1.0)
def entitled(entitlement, entitlement_category, female_head, heads=Sum("female_head")):
    """Gets cash by right: everybody, or the households that women head where there are any."""
    by_category = female_head if entitlement_category > 0.5 and heads > 0.0 else 1.0
    return by_category if entitlement > 0.0 else 0.0


@rule(household, "log", every=4)
def asset_score(asset_community, proxy_score, community_score):
    """Order in which households are offered the asset package."""
    return asset_community * community_score + (1.0 - asset_community) * proxy_score
