"""What stops a run on purpose."""

from __future__ import annotations


class InputError(ValueError):
    """Wrong input, told in one sentence; the command line prints it and exits with 2."""


class NotFiniteError(ArithmeticError):
    """A rule gave a value that is no finite number; the message names rule, agent, quarter and arguments."""
