"""The article's umbrella terms: names for several policies, with no dynamics of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Family:
    """An umbrella term and the policies that it stands for."""

    label: str
    label_id: str
    meaning: str
    members: tuple[str, ...]


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "community_work": Family(
            "Community work", "Kerja masyarakat",
            "The British umbrella: work at the three levels of the Gulbenkian reports (from memory)",
            ("grassroots_work", "inter_agency_work", "regional_planning"),
        ),
        "community_organisation": Family(
            "Community organisation", "Pengorganisasian masyarakat",
            "The American term, in which Rothman's first three models are at home (from memory)",
            ("locality_development", "social_planning", "social_action"),
        ),
        "community_organisation_and_development": Family(
            "Community organisation and development", "Pengorganisasian dan pengembangan masyarakat",
            "What residents organise and build themselves, with outside money and without (from memory)",
            ("locality_development", "community_development"),
        ),
        "community_practice": Family(
            "Community practice", "Praktik komunitas",
            "The widest term: Rothman's four models and Glen's three (from memory)",
            ("locality_development", "social_planning", "social_action", "social_policy", "community_development",
             "community_action", "community_services"),
        ),
    }
)  # fmt: skip


def refusal(name: str) -> str:
    """Why a family cannot be run, and what can."""
    return f"is a family, not a policy; its members: {', '.join(FAMILIES[name].members)}"
