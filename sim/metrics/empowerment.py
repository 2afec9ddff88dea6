"""Empowerment and participation: what people can do, and who takes part.

The index is the dual cut-off method of Alkire and Foster (2011), Journal of Public Economics 95, turned round as in the
Women's Empowerment in Agriculture Index (Alkire et al. 2013, World Development 52): a first cut-off says whether a
person is adequate in each indicator, a second how much weighted adequacy makes a person empowered. Indicators are
results, never inputs: what a programme spends or offers is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sim.metrics import LINE, mean, metric, shared

#: Share of weighted adequacies from which a household is empowered (the 80 % of the WEAI). Frozen.
EMPOWERED_CUTOFF = 0.80
#: Dimensions of the headline; the table shows it also with an economic dimension, and without agency.
HEADLINE_DIMENSIONS = ("social", "education", "agency")
#: First cut-offs: close ties; years of schooling, or skill of who had less and learned; own income and buffer (z).
CLOSE_TIES, YEARS, LEARNED, BUFFER = 2.0, 6.0, 1.05, 0.25
#: Lowest code of the strata that are neither elite (0) nor activist (1).
MAJORITY = 2


def indicator_weights(dimensions: Sequence[str]) -> np.ndarray:
    """Weight of each indicator, by the dimension of each: dimensions weigh alike, and so do indicators inside one."""
    raw = np.array([1.0 / dimensions.count(name) for name in dimensions])
    return raw / raw.sum()


def adequacy(indicators: np.ndarray, dimensions: Sequence[str]) -> np.ndarray:
    """Weighted share of indicators in which each household is adequate, 0-1.

    Parameters
    ----------
    indicators : array, shape (n, d)
        Whether each household is adequate in each indicator (boolean or 0/1: the first cut-off has been applied).
    dimensions : sequence of str, length d
        Dimension of each indicator.

    Returns
    -------
    array, shape (n,)
    """
    adequate = np.asarray(indicators) > 0
    if adequate.ndim != 2 or adequate.shape[1] != len(dimensions):
        raise ValueError(f"indicators of shape {adequate.shape} do not match {len(dimensions)} dimensions")
    return (adequate * indicator_weights(dimensions)).sum(axis=1)


def empowered(score: np.ndarray, cutoff: float = EMPOWERED_CUTOFF) -> np.ndarray:
    """Whether each household is empowered: weighted adequacy at or above the second cut-off; bool, shape (n,)."""
    # Sums of thirds and quarters miss their round value by the last bit.
    return score >= cutoff - 1e-9


def empowerment_index(
    indicators: np.ndarray, dimensions: Sequence[str], persons: np.ndarray, cutoff: float = EMPOWERED_CUTOFF
) -> float:
    """Index of empowerment, 0-1: one minus the adjusted headcount M0 of the disempowered.

    The empowered count as 1, the others with their own share of adequacies; unlike the plain share, it moves when
    somebody below the cut-off gains. Adds up over subgroups.
    """
    return _index(adequacy(indicators, dimensions), persons, cutoff)


def _index(score: np.ndarray, persons: np.ndarray, cutoff: float = EMPOWERED_CUTOFF) -> float:
    """The index from the adequacy of each household."""
    return mean(np.where(empowered(score, cutoff), 1.0, score), persons)


@shared
def social(friends: np.ndarray, attended: np.ndarray, member: np.ndarray, helped: np.ndarray) -> np.ndarray:
    """Social indicators, shape (n, 3): close ties, member of a group or of the meeting, helped in the last shock."""
    return np.column_stack([friends >= CLOSE_TIES, np.maximum(attended, member) > 0, helped > 0])


@shared
def education(schooling: np.ndarray, skill: np.ndarray, enrolled: np.ndarray, aware: np.ndarray) -> np.ndarray:
    """Educational indicators, shape (n, 3): schooled or skilled, children enrolled, informed.

    Skill is 1 for all at the start and never falls below, so that it tells learners only together with schooling.
    """
    return np.column_stack([(schooling >= YEARS) | (skill >= LEARNED), enrolled > 0, aware > 0])


@shared
def agency(spoke: np.ndarray, voted: np.ndarray, matched: np.ndarray) -> np.ndarray:
    """Indicators of agency at the ordinary meeting, shape (n, 3): spoke, voted, the choice was of one's own kind."""
    return np.column_stack([spoke, voted, matched]) > 0


@shared
def economic(own_income: np.ndarray, buffer: np.ndarray) -> np.ndarray:
    """Economic indicators, shape (n, 2): own income at the line, and something put by."""
    return np.column_stack([own_income >= LINE, buffer >= BUFFER])


def joined(dimensions: Mapping[str, np.ndarray]) -> tuple[np.ndarray, list[str]]:
    """Indicators of some dimensions side by side, and the dimension of each."""
    names = [name for name, part in dimensions.items() for _ in range(part.shape[1])]
    return np.concatenate(list(dimensions.values()), axis=1), names


@shared
def headline(social: np.ndarray, education: np.ndarray, agency: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The indicators of the headline and their dimensions."""
    return joined({"social": social, "education": education, "agency": agency})


@shared
def score(headline: tuple[np.ndarray, list[str]]) -> np.ndarray:
    """Adequacy of each household over the dimensions of the headline, 0-1."""
    return adequacy(*headline)


@shared
def by_dimension(social: np.ndarray, education: np.ndarray, agency: np.ndarray) -> dict[str, np.ndarray]:
    """Adequacy of each household in each dimension of the headline, 0-1."""
    parts = {"social": social, "education": education, "agency": agency}
    return {name: part.mean(axis=1) for name, part in parts.items()}


def good_development(growth: float, gains: Mapping[str, float]) -> bool:
    """Whether income grew together with every dimension of empowerment; growth alone, or an average, is not enough.

    Parameters
    ----------
    growth
        Yearly growth of median own income, in any unit.
    gains
        Change of mean adequacy, by dimension of the headline.
    """
    return growth > 0.0 and all(gains[dimension] > 0.0 for dimension in HEADLINE_DIMENSIONS)


@metric("empowerment", unit="0-1", better="higher", every=4)
def empowerment(score, persons):
    """Index of empowerment, social, educational and of agency, 0-1 (EMP)."""
    return _index(score, persons)


@metric("empowered", unit="% of persons", better="higher", every=4)
def empowered_share(score, persons):
    """Persons whose household is empowered: adequate in 0.8 of the weighted indicators, %."""
    return 100.0 * mean(empowered(score), persons)


@metric("empowerment, weakest dimension", unit="0-1", better="higher", every=4)
def empowerment_weakest(by_dimension, persons):
    """Mean adequacy in the weakest of the three dimensions, 0-1: what an average hides."""
    return min(mean(part, persons) for part in by_dimension.values())


@metric("empowerment, social", unit="0-1", better="higher", every=4)
def empowerment_social(by_dimension, persons):
    """Mean adequacy in the social dimension, 0-1."""
    return mean(by_dimension["social"], persons)


@metric("empowerment, education", unit="0-1", better="higher", every=4)
def empowerment_education(by_dimension, persons):
    """Mean adequacy in the educational dimension, 0-1."""
    return mean(by_dimension["education"], persons)


@metric("empowerment, agency", unit="0-1", better="higher", every=4)
def empowerment_agency(by_dimension, persons):
    """Mean adequacy in the dimension of agency, 0-1."""
    return mean(by_dimension["agency"], persons)


@metric("empowerment with an economic dimension", unit="0-1", better="higher", every=4)
def empowerment_economic(social, education, agency, economic, persons):
    """Index of empowerment with own income and buffer as a fourth dimension, 0-1."""
    found = {"social": social, "education": education, "agency": agency, "economic": economic}
    return empowerment_index(*joined(found), persons)


@metric("empowerment without agency", unit="0-1", better="higher", every=4)
def empowerment_without_agency(social, education, persons):
    """Index of empowerment, social and educational alone, 0-1."""
    return empowerment_index(*joined({"social": social, "education": education}), persons)


@metric("attendance at village meetings", unit="% of households", better="higher")
def participation(attends, weight):
    """Households that attended the village meeting (*musyawarah*) this quarter, %."""
    return 100.0 * mean(attends, weight)


@metric("attendance outside the elite", unit="% of households", better="higher")
def participation_non_elite(attends, stratum, weight):
    """Households of the majority and the marginal strata that attended the village meeting this quarter, %."""
    return 100.0 * mean(attends, weight * (stratum >= MAJORITY))


@metric("awareness", unit="% of households", better="higher")
def aware(aware, weight):
    """Households that know of the village meeting and what it decides, %."""
    return 100.0 * mean(aware, weight)


@metric("efficacy", unit="0-1", better="higher")
def efficacy(efficacy, persons):
    """Mean belief that taking part changes something, 0-1."""
    return mean(efficacy, persons)


@metric("skill", unit="index", better="higher")
def skill(skill, persons):
    """Mean skill of a person (1 at the start)."""
    return mean(skill, persons)


@metric("institution quality", unit="0-1", better="higher")
def quality(village_institution_quality):
    """Mean quality of the village institution, 0-1, each village counting once."""
    return village_institution_quality.mean()
