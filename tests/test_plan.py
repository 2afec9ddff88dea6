"""The plan: what cannot be wired, the order of a quarter, and every aggregate against numbers worked out by hand.

The worlds here have three villages of four, three and one households in two districts, and rules of their own. Each
runs in both lanes, which must agree.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine import plan as plan_module
from sim.engine.draw import place_key
from sim.engine.lane import Lane, holding, settings
from sim.engine.plan import Plan, PlanError
from sim.engine.rule import (
    Ahead,
    ArgMax,
    End,
    Gini,
    Last,
    Mean,
    Mode,
    Normal,
    Param,
    Quantile,
    Rank,
    Row,
    Same,
    Sum,
    TieMean,
    TieSum,
    TieTotal,
    Uniform,
    rule,
)
from sim.engine.table import Column, Layout, State, Table
from sim.reference import MesaLane

nation = Table("nation", None, (Column("tax", "share", "given"),))
district = Table("district", nation, ())
village = Table("village", district, (Column("people", "persons", "given"), Column("grant", "z", "lever", lever=True)))
household = Table(
    "household",
    village,
    tuple(Column(name, "number", "given") for name in ("x", "weight", "poor", "activity")),
)
group = Table("group", village, ())
tie = Table("tie", village, (Column("flow", "z", "given"), Column("strength", "share", "given")))
TABLES = (nation, district, village, household, group, tie)

LAYOUT = Layout(
    ("A", "B", "C"),
    np.array([0, 0, 1]),
    2,
    {"household": np.array([0, 4, 7, 8]), "group": np.array([0, 4, 8, 12]), "tie": np.array([0, 3, 4, 4])},
    np.array([[0, 1, 0, 0], [1, 2, 3, 2]]),
    np.array([place_key(code) for code in "ABC"], np.int64),
)
GIVEN = {
    "tax": [0.25],
    "people": [4.0, 3.0, 1.0],
    "x": [3, 1, 4, 1, 5, 9, 2, 6],
    "weight": [1, 2, 1, 1, 2, 1, 1, 3],
    "poor": [0, 1, 0, 1, 0, 0, 1, 0],
    "activity": [0, 2, 2, 1, 3, 0, 2, 1],
    "flow": [1.0, 2.0, -0.5, 4.0],
    "strength": [1.0, 3.0, 1.0, 2.0],
}


def run(rules, quarters=1, start=None, hold=(), overrides=None):
    """The state after some quarters, in both lanes, which must agree on every column."""
    plan = Plan(TABLES, [r.rule for r in rules])
    state = State(plan.columns, LAYOUT)
    for name, values in {**GIVEN, **(start or {})}.items():
        state[name] = values
    lane, mesa_lane = Lane(plan), MesaLane(plan, state)
    parameters, held = settings(plan, overrides), holding(plan, hold)
    for quarter in range(quarters):
        lane.step(state, quarter, 7, parameters, held)
        mesa_lane.prepare(quarter, 7)
        mesa_lane.step_quarter(quarter, 7, parameters, held)
    readable = mesa_lane.state()
    for table, array in state.arrays.items():
        np.testing.assert_array_equal(array, readable.arrays[table], err_msg=table)
    return plan, state


# --- What cannot be wired ---------------------------------------------------------------------------------------------


def make(table, name, **arguments):
    """A rule of this name, which reads what it is told; its body does not matter to the plan."""

    def zero():
        """Nothing."""
        return 0.0

    registered = rule(table, "z")(zero).rule
    wiring = tuple((argument, argument if marker is None else marker) for argument, marker in arguments.items())
    return type(registered)(name, table, zero, "z", -np.inf, np.inf, wiring)


def refused(*rules, words):
    with pytest.raises(PlanError) as caught:
        Plan(TABLES, rules)
    for word in words:
        assert word in str(caught.value)


def test_an_unknown_column_is_refused_and_the_nearest_named():
    refused(make(household, "income", weigth=None), words=["rule income", "weigth", "did you mean weight?"])
    refused(make(household, "income", y=Sum("weigth")), words=["rule income, argument y", "did you mean weight?"])
    refused(make(household, "income", y=Sum("x", where="pore")), words=["pore", "did you mean poor?"])
    refused(make(household, "income", y=Row("x", at="activty")), words=["activty", "did you mean activity?"])
    refused(make(household, "income", y=Last("qqq")), words=["no column qqq"])


def test_a_cycle_is_named_and_last_advised():
    rules = make(household, "a", c=None), make(household, "b", a=None), make(household, "c", b=None)
    refused(*rules, words=["a → ", "b", "c", "Last("])
    rules = make(household, "a", total=Sum("b")), make(household, "b", a=None)
    refused(*rules, words=["Sum(b)", "Last("])


def test_a_name_has_one_setter():
    refused(make(household, "income"), make(household, "income"), words=["income", "twice"])
    refused(make(household, "weight"), words=["weight", "twice"])


def test_nothing_is_read_against_the_nesting():
    refused(make(village, "income", x=None), words=["a village cannot read a column of a household"])
    refused(make(household, "income", flow=None), words=["a household cannot read a column of a tie"])
    refused(make(nation, "income", people=None), words=["a nation cannot read a column of a village"])


def test_nation_and_districts_read_last_quarters_villages_only():
    village_rule = make(village, "income")
    refused(village_rule, make(nation, "whole", y=Sum("income")), words=["nation: Sum(income)", "Last('income')"])
    Plan(TABLES, [village_rule, make(nation, "whole", y=Sum(Last("income")))])


def test_nation_and_districts_total_columns_of_villages_only():
    refused(make(nation, "whole", y=Sum("x")), words=["rule whole", "household"])
    refused(make(nation, "whole", y=Gini("people")), words=["rule whole", "Sum and Mean"])
    refused(make(nation, "whole", y=Sum("people", weight="x")), words=["rule whole"])


def test_an_aggregate_is_refused_where_its_reader_has_no_place_for_it():
    refused(make(household, "income", y=Sum("x", by="activity")), words=["rule income", "group"])
    refused(make(village, "income", y=Rank("x")), words=["rule income", "household"])
    refused(make(group, "income", y=TieMean("x")), words=["rule income", "household"])
    refused(make(village, "income", y=End("x", 0)), words=["rule income", "tie"])
    refused(make(household, "income", y=End("x", 0)), words=["rule income", "tie"])


def test_an_aggregate_is_refused_over_columns_of_different_tables():
    refused(make(village, "income", y=Sum("x", weight="people")), words=["Sum(x, weight=people)", "people", "village"])
    refused(make(village, "income", y=Sum("x", where="flow")), words=["flow"])
    refused(make(village, "income", y=Gini("x", weight="people")), words=["people"])
    refused(make(household, "income", y=TieSum("x")), words=["TieSum(x)", "tie"])
    refused(make(household, "income", y=TieTotal("x")), words=["TieTotal(x)", "tie"])
    refused(make(household, "income", y=TieMean("flow")), words=["TieMean(flow)", "household"])
    refused(make(household, "income", y=TieMean("x", weight="poor")), words=["poor", "tie"])
    refused(make(household, "income", y=Rank("flow")), words=["flow", "household"])
    refused(make(household, "income", y=Ahead("x", by="flow")), words=["flow", "household"])
    refused(make(group, "income", y=Sum("flow", by="strength")), words=["flow", "household"])
    refused(make(tie, "income", y=End("flow", 1)), words=["flow", "household"])
    refused(make(household, "income", y=Row("people", at="activity")), words=["people", "village"])


def test_draws_with_the_same_key_are_refused(monkeypatch):
    rules = make(household, "income", luck=Normal()), make(household, "wealth", luck=Uniform())
    Plan(TABLES, rules)
    monkeypatch.setattr(plan_module, "name_key", lambda name: 1)
    refused(*rules, words=["income.luck", "wealth.luck", "same key"])


def test_initial_columns_are_those_that_somebody_must_give():
    rules = make(household, "income", income=Last("income"), grant=None), make(household, "wealth", income=None)
    plan = Plan(TABLES, rules)
    assert set(plan.initial) == {*GIVEN, "income"}


def test_names_of_parameters_and_rules_are_checked():
    plan = Plan(TABLES, [make(household, "income", rate=Param(0.5, "share", low=0.0, high=1.0, source="none"))])
    assert settings(plan, {"income.rate": 0.25}) == [0.25]
    assert list(holding(plan, iter(["income"]))) == [1]
    with pytest.raises(PlanError, match=r"income.rat\b.*income.rate"):
        settings(plan, {"income.rat": 0.25})
    with pytest.raises(PlanError, match=r"incom\b.*income"):
        holding(plan, ["incom"])


# --- Order and memory -------------------------------------------------------------------------------------------------


@rule(household, "z")
def late(stock):
    """Reads this quarter's stock, though it is written before it."""
    return stock


@rule(household, "z")
def stock(stock, step=Param(1.0, "z", low=0.0, high=9.0, source="none")):
    """Grows by the step."""
    return stock + step


@rule(household, "z")
def early(before=Last("stock")):
    """Can run before the stock is set."""
    return before


@rule(household, "z")
def growth(stock, before=Last("stock")):
    """Needs both, thus a copy."""
    return stock - before


@rule(village, "z")
def stock_now(whole=Sum("stock", weight="weight")):
    """This quarter's total."""
    return whole


@rule(village, "z")
def stock_before(stock_now, whole=Sum(Last("stock"), weight="weight", where=Last("late"))):
    """Last quarter's total; the condition is last quarter's too."""
    return whole + 0.0 * stock_now


def test_last_runs_before_the_setter_where_it_can():
    plan, state = run([late, stock, early], 3, {"stock": GIVEN["x"]})
    order = [step.sets for step in plan.steps]
    assert plan.kept == set()
    assert order.index("early") < order.index("stock") < order.index("late")
    assert list(state["stock"]) == [x + 3.0 for x in GIVEN["x"]]
    assert list(state["late"]) == list(state["stock"])
    assert list(state["early"]) == [x + 2.0 for x in GIVEN["x"]]


def test_last_after_the_setter_gets_a_kept_copy():
    plan, state = run([late, stock, growth, stock_now, stock_before], 3, {"stock": GIVEN["x"], "late": GIVEN["poor"]})
    assert "stock" in plan.kept
    assert list(state["growth"]) == [1.0] * 8
    # x + 3 weighted: A 6 + 2·4 + 7 + 4, B 2·8 + 12 + 5, C 3·9
    assert list(state["stock_now"]) == [25.0, 33.0, 27.0]
    # (x + 2)² weighted: A 25 + 2·9 + 36 + 9, B 2·49 + 121 + 16, C 3·64
    assert list(state["stock_before"]) == [88.0, 235.0, 192.0]


def test_hold_keeps_what_was_put_and_stops_nothing_else():
    _, state = run([late, stock, growth], 2, {"stock": GIVEN["x"], "growth": 0.125}, hold=["growth"])
    assert list(state["growth"]) == [0.125] * 8
    assert list(state["stock"]) == [x + 2.0 for x in GIVEN["x"]]
    _, state = run([late, stock, growth], 2, {"stock": GIVEN["x"]}, hold=["stock"])
    assert list(state["late"]) == GIVEN["x"]
    assert list(state["growth"]) == [0.0] * 8


def test_two_rules_share_a_parameter_and_a_draw_even_where_the_owner_is_held():
    @rule(household, "number")
    def one(x, chance=Uniform(), factor=Param(2.0, "times", low=0.0, high=9.0, source="test")):
        """Drawn."""
        return factor * chance + 0.0 * x

    @rule(household, "number")
    def other(chance=Uniform(of="one.chance"), factor=Same("one.factor")):
        """Drawn alike."""
        return factor * chance

    plan, state = run([one, other], overrides={"one.factor": 3.0})
    assert list(plan.parameters) == ["one.factor"]
    assert np.array_equal(state["one"], state["other"]) and (state["one"] > 1.0).any()
    held = State(plan.columns, LAYOUT)
    Lane(plan).step(held, 0, 7, settings(plan, {"one.factor": 3.0}), holding(plan, ["one"]))
    assert not held["one"].any() and np.array_equal(held["other"], state["other"])
    refused(make(household, "income", y=Same("one.factr")), one.rule, words=["argument y", "did you mean one.factor?"])


def test_a_parameter_is_overridden_without_recompiling():
    _, state = run([late, stock, growth], 2, {"stock": GIVEN["x"]}, overrides={"stock.step": 2.0})
    assert list(state["growth"]) == [2.0] * 8


@rule(household, "z", every=4)
def yearly(clock):
    """The quarter in which it was set."""
    return clock


@rule(nation, "quarters")
def clock(clock):
    """Counts quarters from 1."""
    return clock + 1.0


@rule(household, "share")
def old_rank(at=Rank("wave", every=2)):
    """Place in an order that is refreshed every other quarter."""
    return at


@rule(household, "z")
def wave(clock, x):
    """Rises with x in odd quarters and falls with it in even ones."""
    return x * (1.0 if clock == 1.0 or clock == 3.0 else -1.0)


@rule(village, "z")
def old_median(at=Quantile("wave", every=2), now=Quantile("wave"), spread=Gini("x", every=2)):
    """The median of an even quarter against today's."""
    return at - now + 0.0 * spread


@pytest.mark.parametrize(("quarters", "set_at"), [(1, 1.0), (4, 1.0), (5, 5.0), (8, 5.0)])
def test_every_sets_a_column_and_lets_it_stand(quarters, set_at):
    _, state = run([clock, yearly], quarters)
    assert list(state["yearly"]) == [set_at] * 8


def test_every_refreshes_what_is_sorted():
    rules = [clock, wave, old_rank, old_median]
    in_order = [0.5, 0.0, 0.75, 0.25, 1 / 3, 2 / 3, 0.0, 0.0]
    _, state = run(rules, 1)
    assert list(state["old_rank"]) == in_order
    assert list(state["old_median"]) == [0.0] * 3
    _, state = run(rules, 2)  # the order and the median of quarter 0 stand; today's medians are -3, -5 and -6
    assert list(state["old_rank"]) == in_order
    assert list(state["old_median"]) == [1.0 + 3.0, 5.0 + 5.0, 6.0 + 6.0]
    _, state = run(rules, 3)  # quarter 2 refreshes them
    assert list(state["old_rank"]) == in_order
    assert list(state["old_median"]) == [0.0] * 3


# --- Aggregates -------------------------------------------------------------------------------------------------------


@rule(village, "z")
def weighted(y=Sum("x", weight="weight")):
    """Weighted sum."""
    return y


@rule(village, "z")
def conditional(y=Sum("x", where="poor"), mean=Mean("x", where="poor", weight="weight")):
    """Sum of the poor, and a hundred times their mean."""
    return y + 100.0 * mean


@rule(village, "share")
def inequality(y=Gini("x", weight="weight")):
    """Weighted Gini coefficient."""
    return y


@rule(village, "z")
def median(y=Quantile("x")):
    """Lowest value that half of the members do not exceed."""
    return y


@rule(village, "z")
def upper(y=Quantile("x", at=0.75, weight="weight")):
    """Weighted upper quartile."""
    return y


@rule(village, "number")
def common(y=Mode("activity")):
    """The most frequent activity."""
    return y


@rule(village, "number")
def first_largest(y=ArgMax("activity")):
    """Row of the largest activity number."""
    return y


@rule(group, "z")
def by_kind(y=Sum("x", by="activity")):
    """Sum of an activity's members."""
    return y


@rule(group, "z")
def mean_by_kind(y=Mean("x", weight="weight", by="activity")):
    """Weighted mean of an activity's members."""
    return y


@rule(village, "z")
def best_kind(y=Row("by_kind", at=ArgMax("by_kind"))):
    """The largest of the four sums."""
    return y


@rule(household, "z")
def own_kind(y=Row("by_kind", at="activity"), best=Row("by_kind", at=ArgMax("by_kind"))):
    """Sum of the own activity, and a hundred times the largest."""
    return y + 100.0 * best


@rule(household, "z")
def queue(y=Ahead("weight", by="x")):
    """Weight of those before."""
    return y


@rule(household, "share")
def place(y=Rank("x")):
    """Share of those before."""
    return y


@rule(household, "z")
def received(y=TieSum("flow")):
    """Flows in less flows out."""
    return y


@rule(household, "z")
def along(y=TieTotal("flow")):
    """All that flows along its ties, whichever way they point."""
    return y


@rule(household, "z")
def neighbours(y=TieMean("x", weight="strength"), plain=TieMean("x")):
    """Weighted mean of neighbours, and a hundred times the plain one."""
    return y + 100.0 * plain


@rule(tie, "z")
def difference(one=End("x", 0), other=End("x", 1)):
    """Second end less first."""
    return other - one


EXPECTED = {
    # A 3 + 2·1 + 4 + 1, B 2·5 + 9 + 2, C 3·6
    "weighted": [10.0, 21.0, 18.0],
    # A 1 + 1 and (2·1 + 1)/3, B 2 and 2; nobody in C is poor
    "conditional": [102.0, 202.0, 0.0],
    # A 1, 1, 1, 3, 4: Σ|difference| 32 / (2·25·2); B 2, 5, 5, 9: 42 / (2·16·5.25)
    "inequality": [0.32, 0.25, 0.0],
    "median": [1.0, 5.0, 6.0],
    # A 3.75 of 5 is reached at 3 (1, 1, 1, 3), B 3 of 4 at 5 (2, 5, 5), C at 6
    "upper": [3.0, 5.0, 6.0],
    # activities A 0 2 2 1, B 3 0 2 (all once: the lowest), C 1
    "common": [2.0, 0.0, 1.0],
    "first_largest": [1.0, 0.0, 0.0],
    "by_kind": [3.0, 1.0, 5.0, 0.0, 9.0, 0.0, 2.0, 5.0, 0.0, 6.0, 0.0, 0.0],
    "mean_by_kind": [3.0, 1.0, 2.0, 0.0, 9.0, 0.0, 2.0, 5.0, 0.0, 6.0, 0.0, 0.0],
    "best_kind": [5.0, 9.0, 6.0],
    "own_kind": [503.0, 505.0, 505.0, 501.0, 905.0, 909.0, 902.0, 606.0],
    # A in order: rows 1, 3 (equal: the first row first), 0, 2 with weights 2, 1, 1, 1; B: rows 2, 0, 1 with 1, 2, 1
    "queue": [3.0, 0.0, 4.0, 2.0, 1.0, 3.0, 0.0, 0.0],
    "place": [0.5, 0.0, 0.75, 0.25, 1 / 3, 2 / 3, 0.0, 0.0],
    # ties A 0→1: 1, 1→2: 2, 0→3: -0.5; B 0→2: 4
    "received": [-0.5, -1.0, 2.0, -0.5, -4.0, 0.0, 4.0, 0.0],
    "along": [0.5, 3.0, 2.0, -0.5, 4.0, 0.0, 4.0, 0.0],
    # A: row 1 has 0 (strength 1, x 3) and 2 (strength 3, x 4); B's row 1 and C have no ties
    "neighbours": [101.0, 3.75 + 350.0, 101.0, 303.0, 202.0, 0.0, 505.0, 0.0],
    "difference": [-2.0, 3.0, -2.0, -3.0],
}


@pytest.fixture(scope="module")
def aggregated():
    rules = [weighted, conditional, inequality, median, upper, common, first_largest, by_kind, mean_by_kind, best_kind]
    return run([*rules, own_kind, queue, place, received, along, neighbours, difference])[1]


@pytest.mark.parametrize("name", EXPECTED)
def test_aggregate_against_hand_computed_numbers(aggregated, name):
    np.testing.assert_allclose(aggregated[name], EXPECTED[name], rtol=1e-15, atol=1e-15)


# --- Nation and districts ---------------------------------------------------------------------------------------------


@rule(village, "z")
def product(people, grant, growth_rate, mean_product, product=Last("product")):
    """Grows at the nation's rate; the grant and a tenth of the district's mean come on top."""
    return product * growth_rate + grant + 0.1 * mean_product


@rule(district, "z")
def mean_product(y=Mean(Last("product"), weight=Last("people"))):
    """Mean of the district's villages in the last quarter, by people."""
    return y


@rule(nation, "z")
def national_product(y=Sum(Last("product")), people=Sum("people")):
    """Last quarter's sum, a head."""
    return y / people


@rule(nation, "ratio")
def growth_rate(tax, clock):
    """Doubles, and the tax comes on top in the first quarter."""
    return 2.0 + (tax if clock == 1.0 else 0.0)


@rule(nation, "z")
def national_growth(national_product, before=Last("national_product")):
    """Against the quarter before."""
    return national_product - before


@rule(household, "quarters")
def clock_before(clock, before=Last("clock")):
    """Last quarter's clock and today's."""
    return 10.0 * before + clock


def test_districts_and_nation_act_first_on_last_quarters_totals():
    rules = [product, mean_product, national_product, growth_rate, national_growth, clock, clock_before]
    _, state = run(rules, 1, {"product": [1.0, 8.0, 10.0], "grant": [0.0, 0.0, 1.0]})
    # district 1: (4·1 + 3·8)/7 = 4; district 2: 10; the rate is 2.25
    assert list(state["mean_product"]) == [4.0, 10.0]
    assert list(state["national_product"]) == [19.0 / 8.0]
    assert list(state["national_growth"]) == [19.0 / 8.0]
    np.testing.assert_allclose(state["product"], [2.65, 18.4, 24.5], rtol=1e-15)
    assert list(state["clock_before"]) == [1.0] * 8
    _, state = run(rules, 2, {"product": [1.0, 8.0, 10.0], "grant": [0.0, 0.0, 1.0]})
    np.testing.assert_allclose(state["mean_product"], [(4 * 2.65 + 3 * 18.4) / 7, 24.5], rtol=1e-15)
    np.testing.assert_allclose(state["national_product"], [45.55 / 8.0], rtol=1e-15)
    np.testing.assert_allclose(state["national_growth"], [(45.55 - 19.0) / 8.0], rtol=1e-14)
    assert list(state["clock_before"]) == [12.0] * 8
