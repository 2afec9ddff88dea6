"""The ways to spend the money, and what flows beside them."""

from __future__ import annotations

from typing import NamedTuple

from .fields import Frozen, Numbers, entry, number, table, whole, words

NAME = "[a-z][a-z0-9_]{0,39}"


class Programme(Frozen):
    """A permanent programme of the world, in every arm and outside the budget."""

    policy: str = words(..., 60, "Name of the policy", 1)
    dose: float = number(..., 0, 0.5, "z per person and quarter", "Money, over all persons of a village")
    settings: Numbers = table({}, "Parameters of the policy itself")


class Arm(Frozen):
    """One of the ways to spend the money; what is not given comes from [budget] and [calendar]."""

    policy: str = words(..., 60, "Name of the policy", 1)
    id: str = entry(
        "", "Name in files and tables; default: the policy", "a-z, 0-9 and _, first a letter, at most 40 characters",
        pattern=f"^{NAME}$",
    )  # fmt: skip
    label: str = words("", 60, "Name in figures; default: the policy's label", 1)
    label_id: str = words("", 60, "Indonesian name in figures; default: the label, or the policy's", 1)
    dose: float | None = number(None, 0, 0.5, "z per person and quarter", "Dose of this arm")
    start: int | None = whole(None, 8, 400, "quarters", "First quarter of this arm's programme")
    funds_end: int | None = whole(
        None, 8, 400, "quarters", "End of what its funds pay; until facilitation ends too, its money is cash for all"
    )
    facilitation_end: int | None = whole(None, 8, 400, "quarters", "End of this arm's facilitation")
    settings: Numbers = table({}, "Parameters of the policy itself")


class Money(NamedTuple):
    """What an arm spends: z per person and quarter, from a quarter up to another at which all of it has ended."""

    dose: float
    start: int
    end: int


class ResolvedArm(Arm):
    """An arm with everything filled in."""

    dose: float
    start: int
    funds_end: int
    facilitation_end: int

    @property
    def money(self) -> Money:
        """What is spent, and when."""
        return Money(self.dose, self.start, max(self.funds_end, self.facilitation_end))


PROGRAMMES_2017 = (
    Programme(policy="dana_desa", dose=0.11),
    Programme(policy="pkh", dose=0.016),  # about 0.1 z per member of the 15 % of households listed
    Programme(policy="rastra", dose=0.02),  # about 0.05 z per member of the 35 % listed, before losses
)
