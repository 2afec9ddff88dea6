"""Rules: what registration understands of a signature, and what it refuses by name."""

from __future__ import annotations

import importlib.util
import math
import pickle

import numpy as np
import pytest

from sim.engine.functions import exp
from sim.engine.rule import Last, Mean, Normal, Param, Sum, Uniform, rule, rules_of
from sim.engine.table import Column, Table

village = Table("village", None, (Column("quota", "share", "of households"),))
household = Table("household", village, (Column("size", "persons", "members", 1.0, 30.0),))

FACTOR = 2.0
PRICES = [1.0, 2.0]


class Price(float):
    """A class, which no rule may use."""


def doubled(x):
    return FACTOR * x


def priced(x):
    return x * PRICES[0]


def indirectly_priced(x):
    return priced(x)


@rule(household, "z per person and quarter", 0.0, 9.0, every=4)
def spending(
    spending,
    size,
    before=Last("income"),
    luck=Normal(),
    chance=Uniform(),
    whole=Sum("income", weight="size"),
    share=Param(0.5, "share of income", low=0.2, high=0.9, source="a source"),
):
    """What is spent.

    More text.
    """
    kept = share * before + doubled(luck) + exp(chance)
    return (kept + spending + whole) / size


def test_a_rule_stays_a_plain_function():
    assert spending(1.0, 2.0, 3.0, 0.0, 0.0, 4.0) == (0.5 * 3.0 + 1.0 + 1.0 + 4.0) / 2.0


def test_the_signature_is_the_wiring():
    about = spending.rule
    assert (about.name, about.table, about.unit, about.low, about.high, about.every) == (
        *("spending", household, "z per person and quarter", 0.0, 9.0, 4),
    )
    assert dict(about.arguments) == {
        "spending": Last("spending"),  # its own name is last quarter's value
        "size": "size",
        "before": Last("income"),
        "luck": Normal(),
        "chance": Uniform(),
        "whole": Sum("income", weight="size"),
        "share": 0.5,
    }
    assert about.meaning == "What is spent."
    assert about.mechanism == "test_rule"


def test_parameters_have_full_names_units_sources_and_ranges():
    (name,) = spending.rule.parameters
    found = spending.rule.parameters[name]
    assert name == "spending.share"
    assert (float(found), found.unit, found.source) == (0.5, "share of income", "a source")
    assert (found.low, found.high) == (0.2, 0.9)
    copy = pickle.loads(pickle.dumps(found))
    assert (copy, copy.unit) == (0.5, "share of income")


@pytest.mark.parametrize("value", [0.1, 1.0, math.nan])
def test_a_parameter_outside_its_own_range_is_refused(value):
    with pytest.raises(ValueError, match="range"):
        Param(value, "share", low=0.2, high=0.9, source="none")


def test_rules_of_a_module_in_the_order_written():
    first = type(pytest)("module_of_rules")
    first.b, first.a, first.number = spending, priced, 3
    assert rules_of([first]) == [spending.rule]


def test_aggregates_print_what_they_are():
    assert str(Sum("income")) == "Sum(income)"
    assert str(Mean(Last("income"), where="poor")) == "Mean(last income, where=poor)"


def refused(function, *words):
    """Registration of the function fails, and the message has the words, its name among them."""
    with pytest.raises(TypeError) as caught:
        rule(household, "z")(function)
    for word in (function.__name__, *words):
        assert word in str(caught.value)


@pytest.mark.parametrize("default", [0.5, None, "size", True, [1.0]])
def test_an_unmarked_default_is_refused(default):
    def income(size, rate=default):
        """Income."""
        return size * rate

    refused(income, "rate", repr(default))


def test_variable_arguments_are_refused():
    def starred(*sizes):
        """Income."""
        return sizes[0]

    def double_starred(**sizes):
        """Income."""
        return sizes["size"]

    def keyword_only(*, size):
        """Income."""
        return size

    def positional_only(size, /):
        """Income."""
        return size

    refused(starred, "sizes")
    refused(double_starred, "sizes")
    refused(keyword_only, "size")
    refused(positional_only, "size")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return [level]", "uses list"),
        ("return level, level", "returns several values"),
        ("half = lambda x: 0.5 * x\n    return half(level)", "uses lambda"),
        ("return 0.1 * (twice := 2.0 * level)", "uses namedexpr"),
        ("global KEPT\n    KEPT = level\n    return level", "uses global"),
        ("yield 0.1\n    return level", "uses yield"),
        ("for _ in (1, 2):\n        level_ = level\n    return level_", "uses for"),
        ("return level[0]", "uses subscript"),
    ],
)
def test_what_only_one_lane_could_play_is_refused_by_name(tmp_path, body, told):
    file = tmp_path / "written.py"
    file.write_text(f'KEPT = 0.0\n\n\ndef share(level):\n    """A share."""\n    {body}\n')
    spec = importlib.util.spec_from_file_location("written", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(TypeError, match=f"rule share {told}"):
        rule(household, "share")(module.share)


def test_more_than_one_return_is_refused():
    def early(size):
        """Income."""
        if size > 1.0:
            return 0.0
        return size

    def never(size):
        """Income."""
        size + 1.0

    def nothing(size):
        """Income."""
        return

    for function in (early, never, nothing):
        refused(function, "one return")


def test_a_rule_without_a_docstring_is_refused():
    def silent(size):
        return size

    refused(silent, "docstring")


def test_what_is_no_number_is_refused():
    def words(size):
        """Income."""
        return "high" if size > 1.0 else "low"

    def nobody(size):
        """Income."""
        return size if size > 1.0 else None

    refused(words, "'high'", "numbers only")
    refused(nobody, "None", "numbers only")


def test_what_a_rule_may_not_reach_is_refused_by_name():
    def reaches_list(size):
        """Income."""
        return size * PRICES[0]

    def reaches_module(size):
        """Income."""
        return math.exp(size)

    def reaches_numpy(size):
        """Income."""
        return np.exp(size)

    def reaches_class(size):
        """Income."""
        return Price(size)

    def reaches_nothing(size):
        """Income."""
        return size * undefined_price  # noqa: F821

    refused(reaches_list, "PRICES", "list")
    refused(reaches_module, "math", "module")
    refused(reaches_numpy, "np", "module")
    refused(reaches_class, "Price", "type")
    refused(reaches_nothing, "undefined_price")


def test_what_a_rule_reaches_through_a_helper_is_refused_too():
    def through_helper(size):
        """Income."""
        return indirectly_priced(size)

    with pytest.raises(TypeError, match="priced uses PRICES"):
        rule(household, "z")(through_helper)


def test_builtins_that_the_lanes_do_not_share_are_refused():
    def rounded(size):
        """Income."""
        return round(size)

    def shown(size):
        """Income."""
        return size + hash(size)

    refused(rounded, "round")
    refused(shown, "hash")


def test_a_literal_power_is_refused():
    def squared(size):
        """Income."""
        return size**2

    refused(squared, "**")


def test_an_argument_that_is_set_anew_is_refused():
    def rebound(size):
        """Income."""
        size = size + 1.0
        return size

    def increased(size):
        """Income."""
        size += 1.0
        return size

    refused(rebound, "size")
    refused(increased, "size")
