"""Calibration: from published figures to the parameter sets that reproduce them, frozen and stored."""

VARIANTS = ("trap_off", "trap_on")  # without and with a technique that needs a lump of capital
