"""Loops written by hand in C for some rules of the model, compiled where they run: what the compiled lane is held to.

Two builds of one text: *vectorised* (-O3 for this processor, elementary functions in plain arithmetic) must give the
lane's bits; *scalar* (-O2, no vectors, the C library's functions) is what a plain program costs.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine import draw
from sim.engine.table import State
from sim.language import mark

SAME_BITS = ("-std=c11", "-ffp-contract=off", "-fPIC", "-shared")
BUILDS = {
    "vectorised": ("-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-DOWN"),
    "scalar": ("-O2", "-fno-tree-vectorize", "-fno-math-errno"),
}
COMPILERS = ("cc", "gcc", "clang")


def compiler() -> str | None:
    """The system's C compiler; None where there is none."""
    return next(filter(None, map(shutil.which, COMPILERS)), None)


def built(folder: Path) -> dict[str, ctypes.CDLL]:
    """Both builds of the loops, in a folder.

    Raises
    ------
    FileNotFoundError
        Where there is no compiler.
    """
    found, libraries = compiler(), {}
    if found is None:
        raise FileNotFoundError(f"no C compiler ({', '.join(COMPILERS)}) on this machine")
    for name, flags in BUILDS.items():
        library = folder / f"{name}.so"
        text = Path(__file__).with_name("loops.c")
        subprocess.run([found, *SAME_BITS, *flags, "-o", library, text, "-lm"], check=True, capture_output=True)
        libraries[name] = ctypes.CDLL(str(library))
    return libraries


#: Step of the plan -> (its function in C, what is in its way).
LOOPS = {
    "distress_sale": ("distress_sale", mark("plain arithmetic")),
    "output": ("output", mark("exp and log")),
    "luck": ("luck", mark("a normal draw")),
    "TieMean(last attends_own, weight=last strength)": ("tie_mean", mark("a gather")),
    "Order(proxy_score, every=4)": ("sorted", mark("a sort")),
    "Sum(pot_won, weight=size)": ("weighted_sum", mark("a sum in row order")),
}


def call(
    library: ctypes.CDLL, name: str, state: State, value: dict[str, float], seed: int, quarter: int
) -> Callable[[], None]:
    """A call of one of the loops on a state, with everything it needs at hand.

    Parameters
    ----------
    name
        The step of the plan.
    value
        Parameters by their full names.
    """
    layout = state.layout
    start, ties = layout.start["household"], layout.start["tie"]
    first, second = np.ascontiguousarray(layout.ends[0]), np.ascontiguousarray(layout.ends[1])
    scratch = np.empty(2 * max(layout.longest, len(state["size"])))
    given: dict[str, tuple[Any, ...]] = {
        "distress_sale": (
            *_columns(state, "distress_sale", "capital", "depreciation", "income", "borrowed", "buffer"),
            float(state["subsistence"][0]), value["distress_sale.share"], float(state["distress_discount"][0]),
        ),
        "output": (
            *_columns(state, "output", "ability", "effective_capital", "works_benefit", "luck", "farm_wage",
                      "time_cost", "skill", "weather", "local_shock"),
            np.array([value[f"output.{one}"] for one in ("scale", "elasticity", "lumpy_scale", "lumpy_cost",
                                                        "works_gain", "complementarity")]),
        ),
        "luck": (
            *_columns(state, "luck", "luck.innovation"), layout.places, seed, draw.name_key("luck.innovation"), quarter,
            value["luck.persistence"], value["luck.spread"],
        ),
        "TieMean(last attends_own, weight=last strength)": (
            ties, *_columns(state, "TieMean(last attends_own, weight=last strength)"), scratch,
            *_columns(state, "attends_own", "strength"), first, second,
        ),
        "Order(proxy_score, every=4)": (*_columns(state, "Order(proxy_score, every=4)", "proxy_score"), scratch),
        "Sum(pot_won, weight=size)": _columns(state, "Sum(pot_won, weight=size)", "pot_won", "size"),
    }  # fmt: skip
    arguments = [_passed(one) for one in (len(layout.codes), start, *given[name])]
    function, kept = getattr(library, LOOPS[name][0]), given[name]

    def play() -> None:
        function(*arguments)
        _ = kept  # arrays that the call points into live as long as it does

    return play


def _columns(state: State, *names: str) -> tuple[np.ndarray, ...]:
    return tuple(state[name] for name in names)


def _passed(one: Any) -> Any:
    """An argument as C takes it."""
    if isinstance(one, np.ndarray):
        return ctypes.c_void_p(one.ctypes.data)
    return ctypes.c_double(one) if isinstance(one, float) else ctypes.c_int64(one)
