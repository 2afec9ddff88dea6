"""What stops a run on purpose."""

from __future__ import annotations


class InputError(ValueError):
    """Wrong input, told in one sentence; the command line prints it and exits with 2.

    Examples
    --------
    >>> import sim
    >>> try:
    ...     sim.load("desa", population={"villages": 0})
    ... except sim.InputError as error:
    ...     print(error)
    desa: "villages" in [population] is 0; allowed: a whole number, 1 to 100000 villages
    """


class PolicyError(ValueError):
    """A policy did what it may not; told in one sentence that names policy, lever, quarter and what is allowed."""


class NotFiniteError(ArithmeticError):
    """A rule gave a value that is no finite number; the message names rule, agent, quarter and arguments."""
