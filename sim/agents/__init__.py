"""The entities: what each kind of agent is born with, every column with unit and meaning."""

from .household import household, tie
from .institutions import group
from .territory import district, nation, village

TABLES = (nation, district, village, household, group, tie)
