"""The one error that a user of the command line is meant to see."""

from __future__ import annotations


class InputError(ValueError):
    """Wrong input, told in one sentence; the command line prints it and exits with 2."""
