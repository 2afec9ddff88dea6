"""The compiled lane: a plan's text as machine code, kept in a private folder of the user.

A module lies there under a hash of everything that it is made of, so a changed constant is never missed. Where a plan
is new to the machine, a second process compiles it from the other end, as compiling takes seconds of one processor.
"""

from __future__ import annotations

import gc
import hashlib
import importlib.util
import inspect
import os
import pickle
import platform
import stat
import subprocess
import sys
import tempfile
import threading
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import float64, int8, int64
from numba.core import cgutils
from numba.extending import intrinsic

from . import aggregate, draw, functions, write
from .plan import Plan
from .rule import reaches
from .write import Writer, called

# Never fastmath: sums keep their order and nothing is contracted, so every processor and both lanes give the same bits.
OPTIONS: Any = {"error_model": "numpy", "nogil": True}
INNER: Any = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
ROWS, TABLE, NUMBERS = int64[::1], float64[:, ::1], float64[::1]
STATE = (int64, int64, int8[::1], NUMBERS, *(TABLE,) * 6, *(ROWS,) * 4, int64[:, ::1], ROWS)
PART = numba.void(int64, *STATE, NUMBERS, NUMBERS)  # what the functions of a plan's parts are given
AT_HAND = 4 * 2**20  # bytes of households that stay near the processor from one quarter to the next
# A village's rows of a column are few and far from those of the next column: a larger world waits for memory at each,
# unless the next village is asked for while this one is computed, some columns a part.
DRIVER = f"""@numba.njit(cache=True, **OPTIONS)
def quarter(parts, first, last, {write.STATE}, longest):
    ones, scratch = np.empty(longest), np.empty(longest)
    for i in range(longest):
        ones[i] = 1.0
    (columns, rows), at, count = household.shape, household.ctypes.data, len(parts)
    fetched = last - 1 if 8 * columns * rows > {AT_HAND} else first
    for v in range(first, last):
        for k in range(count):
            if v < fetched:
                for column in range(columns * k // count, columns * (k + 1) // count):
                    for row in range(start_household[v + 1], start_household[v + 2], 8):
                        fetch(at + 8 * (column * rows + row))
            call(parts[k], v, {write.STATE}, ones, scratch)
"""
DRAWS = """@numba.njit(cache=True, **OPTIONS)
def uniform(out, seed, name, place, quarter):
    draw_uniform(out, seed, name, place, quarter)


@numba.njit(cache=True, **OPTIONS)
def normal(out, seed, name, place, quarter):
    draw_normal(out, seed, name, place, quarter)


@numba.njit(cache=True, **OPTIONS)
def normals(out, start, places, seed, name, quarter):
    for v in range(len(places)):
        draw_normal(out[start[v]:start[v + 1]], seed, name, places[v], quarter)
"""
OTHER_PROCESS = (
    "import pickle, sys; from sim.engine.compile import from_the_end; from_the_end(pickle.load(sys.stdin.buffer))"
)


def compiled(plan: Plan) -> types.ModuleType:
    """The module of a plan's parts as machine code, from the user's cache where they have been compiled before."""
    module, new = _written(plan)
    with _elsewhere(plan) if new else nullcontext():
        addresses(module)
    return module


def from_the_end(plan: Plan) -> None:
    """Compile a plan's parts for the cache, last one first, until one lies there: another process has come so far."""
    with _no_collection():
        for part in reversed(_parts(_written(plan)[0])):
            part.compile(PART)
            if part.stats.cache_hits:
                return


def _written(plan: Plan) -> tuple[types.ModuleType, bool]:
    """The module of a plan's parts, and whether it is new to this machine."""
    text, sources = "".join(Writer(plan).parts()), _sources(plan)
    new = not _path("parts", text, sources).exists()
    return _module("parts", text, sources, _callees(plan)), new


def _parts(module: types.ModuleType) -> list[Any]:
    """The functions of a module of parts, in order."""
    return [value for name, value in vars(module).items() if name.startswith("part_")]


def addresses(module: types.ModuleType) -> np.ndarray:
    """Where the parts of a module lie as machine code; what is not compiled yet is compiled."""
    with _no_collection():
        for part in _parts(module):
            part.compile(PART)
    made = (part.overloads[PART.args] for part in _parts(module))
    return np.array([one.library.get_pointer_to_function(one.fndesc.llvm_func_name) for one in made], np.int64)


@intrinsic
def call(typing_context: Any, address: Any, *given: Any) -> Any:
    """Calls a part at its address; linked into who calls it, all of it would be compiled a second time."""
    if given != PART.args:
        raise TypeError(f"a part takes {PART.args}, not {given}")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        convention = context.call_conv
        kind = convention.get_function_type(PART.return_type, PART.args).as_pointer()
        part, values = builder.inttoptr(arguments[0], kind), cgutils.unpack_tuple(builder, arguments[1])
        status, _ = convention.call_function(builder, part, PART.return_type, PART.args, values)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return PART.return_type(address, numba.types.StarArgTuple.from_types(given)), generate


@intrinsic
def fetch(typing_context: Any, address: Any) -> Any:
    """Asks memory for the bytes at an address, and does not wait."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        flag, pointer = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag])
        asked = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        read, second_level, data = (flag(value) for value in (0, 2, 1))
        builder.call(asked, [builder.inttoptr(arguments[0], pointer), read, second_level, data])
        return context.get_dummy_value()

    return numba.void(int64), generate


def driver() -> Callable:
    """The compiled function that makes a quarter of some villages, whatever parts it is given."""
    return caller("driver", DRIVER).quarter


def caller(kind: str, source: str, **names: object) -> Any:
    """A generated module that calls parts at their addresses."""
    return _module(kind, source, set(), {"call": call, "fetch": fetch, **names})


@contextmanager
def _elsewhere(plan: Plan) -> Iterator[None]:
    """Compiles from the other end in a second process meanwhile; what that one cannot do is left to be done here."""
    try:
        carried = pickle.dumps(plan)
    except (pickle.PicklingError, AttributeError, TypeError):  # rules of a notebook, which no other process can import
        yield
        return
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with tempfile.TemporaryFile() as plan_file, ExitStack() as ends:
        plan_file.write(carried)  # not into a pipe, which would hold this process up until it is read
        plan_file.seek(0)
        with suppress(OSError):  # this process may not start another one, say
            there: dict[str, Any] = {"stdin": plan_file, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            process = subprocess.Popen([sys.executable, "-c", OTHER_PROCESS], env=paths, **there)
            ends.enter_context(process)
            ends.callback(process.terminate)  # what it has not put into the cache by now is compiled here
        yield


@cache
def draws() -> Any:
    """Draws for who is outside the kernel: `uniform` and `normal` of `draw`, and `normals` of all villages at once."""
    sources = {inspect.getsource(module) for module in (draw, functions)}
    callees = {"draw_uniform": _shared(draw.uniform), "draw_normal": _shared(draw.normal)}
    return _module("draws", DRAWS, sources, callees)


def _path(kind: str, source: str, reached: set[str]) -> Path:
    """Where a generated module lies: its name is a hash of all that it is made of."""
    versions = (numba.__version__, np.__version__, platform.python_version(), platform.machine())
    made_of = repr((source, sorted(reached), versions, PART, inspect.getsource(sys.modules[__name__])))
    return cache_folder() / f"{kind}_{hashlib.sha256(made_of.encode()).hexdigest()[:24]}.py"


def _module(kind: str, source: str, reached: set[str], callees: Mapping[str, object]) -> Any:
    """A generated module, imported from the cache folder, where its file and numba's machine code are kept."""
    path = _path(kind, source, reached)
    if path.stem in sys.modules:
        return sys.modules[path.stem]
    if not path.exists() or path.read_text(encoding="utf-8") != source:
        draft = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.draft")  # each thread has its own
        draft.write_text(source, encoding="utf-8")
        draft.replace(path)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    vars(module).update(callees, numba=numba, np=np, OPTIONS=OPTIONS, INNER=INNER)
    spec.loader.exec_module(module)
    return sys.modules.setdefault(path.stem, module)  # only when whole: another thread may ask for it meanwhile


@contextmanager
def _no_collection() -> Iterator[None]:
    """Compiling makes millions of small objects that live to its end: looking through them for garbage is in vain."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@cache
def cache_folder() -> Path:
    """A folder that only this user can write to; a temporary one, with a notice, where there is no such place."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    folder = Path(base) / "swadaya"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        return folder
    except OSError as error:
        private = temporary_folder()
        warnings.warn(f"{folder} cannot be written ({error.strerror}); compiled plans go to {private}", stacklevel=2)
        return private


def temporary_folder() -> Path:
    """A temporary folder that only this user can write to; all processes have the same, unless another has its name."""
    owner = os.getuid() if os.name == "posix" else 0
    folder = Path(tempfile.gettempdir()) / f"swadaya-{owner}"
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    ours = stat.S_ISDIR(about.st_mode) and about.st_uid == owner and not about.st_mode & 0o022
    return folder if ours or os.name != "posix" else Path(tempfile.mkdtemp(prefix="swadaya-"))


def _callees(plan: Plan) -> dict[str, object]:
    """What the generated module calls: aggregates, draws, and the plain functions that rules use."""
    names: dict[str, object] = {}
    for function in vars(aggregate).values():
        if inspect.isfunction(function) and function.__module__ == aggregate.__name__:
            names[function.__name__] = _shared(function)
    for draws in (draw.uniform, draw.normal):
        names[draws.__name__] = _shared(draws)
    for rule in plan.rules.values():
        for value in reaches(rule.function).values():
            if isinstance(value, types.FunctionType):
                names[called(value)] = value if _of_engine(value) else _compiled(value)
    return names


@cache
def _shared(function: Callable) -> object:
    """The compiled form of an aggregate or a draw, made once in a process."""
    return numba.njit(**INNER)(function)


def _compiled(function: Callable) -> object:
    """A compiled copy of a plain function; a call that is not inlined would keep a loop scalar."""
    scope = {
        name: value if _of_engine(value) or not isinstance(value, types.FunctionType) else _compiled(value)
        for name, value in reaches(function).items()
    }
    scope["__name__"] = __name__  # numba looks for a module when it takes compiled code from its cache
    copy = types.FunctionType(function.__code__, scope, function.__name__)
    return numba.njit(**INNER, forceinline=True)(copy)


def _of_engine(function: object) -> bool:
    return isinstance(function, types.FunctionType) and function.__module__.startswith(__package__ + ".")


def _sources(plan: Plan) -> set[str]:
    """The text of all that a plan reaches, and of the engine itself."""
    texts, stack = set(), [rule.function for rule in plan.rules.values()]
    seen = set(stack)
    while stack:
        function = stack.pop()
        texts.add(inspect.getsource(function))
        for name, value in reaches(function).items():
            if not isinstance(value, types.FunctionType):
                texts.add(f"{name}={value!r}")
            elif value not in seen and not _of_engine(value):
                seen.add(value)
                stack.append(value)
    return texts | {inspect.getsource(module) for module in (aggregate, draw, functions)}
