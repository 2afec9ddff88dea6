"""What the closed list of aggregates computes: one plain source for both lanes, so that both add in the same order.

``ones`` stands where a weight or a condition is absent: multiplying by 1 changes no bit. Sums and means of whole tables
(`total`, `mean`) are written out by the compiled lane itself, several in one loop; a test holds it to this text.
"""

from __future__ import annotations

import numpy as np
from numba.extending import overload

from .functions import shared, sortable


def order(values):
    """Row numbers from the lowest value to the highest; equal values in row order."""
    return sorted(range(len(values)), key=values.__getitem__)


@overload(order)
def _compiled_order(values):
    # Stable, so that any way of sorting gives the same rows. Digit by digit there is nothing to compare, and so nothing
    # for the processor to guess: six times as fast as merging for a village of 500.
    def radix_sort(values):
        n = len(values)
        rows, spare = np.empty(n, np.int64), np.empty(n, np.int64)
        keys, moved = np.empty(n, np.uint64), np.empty(n, np.uint64)
        starts = np.zeros((8, 256), np.int64)
        for i in range(n):
            key = sortable(values[i])
            keys[i], rows[i] = key, i
            for digit in range(8):
                starts[digit, (key >> np.uint64(8 * digit)) & np.uint64(255)] += 1
        for digit in range(8):
            start, shift, first = starts[digit], np.uint64(8 * digit), 0
            if n > 0 and start[(keys[0] >> shift) & np.uint64(255)] == n:
                continue  # all are alike here
            for value in range(256):
                first, start[value] = first + start[value], first
            for i in range(n):
                key = keys[i]
                value = (key >> shift) & np.uint64(255)
                place = start[value]
                start[value] = place + 1
                moved[place], spare[place] = key, rows[i]
            keys, moved, rows, spare = moved, keys, spare, rows
        return rows

    return radix_sort


def total(values, weight, where):
    """Sum of value × weight × where, in row order."""
    whole = 0.0
    for i in range(len(values)):
        whole += values[i] * weight[i] * where[i]
    return whole


def mean(values, weight, where):
    """Weighted mean; 0 where the weights sum to nothing."""
    whole = total(weight, where, where)
    return total(values, weight, where) / whole if whole > 0.0 else 0.0


@shared
def total_by(values, weight, where, kind, out):
    """One sum for each row of a nested table: the members whose `kind` is its number."""
    for j in range(len(out)):
        out[j] = 0.0
    for i in range(len(values)):
        j = int(kind[i])
        out[j] = out[j] + values[i] * weight[i] * where[i]


def mean_by(values, weight, where, kind, out, scratch):
    """One weighted mean for each row of a nested table; 0 where it has no members."""
    total_by(values, weight, where, kind, out)
    total_by(weight, where, where, kind, scratch)
    for j in range(len(out)):
        out[j] = out[j] / scratch[j] if scratch[j] > 0.0 else 0.0


def gini(values, weight):
    """Gini coefficient of values that are not negative; 0 where they sum to nothing."""
    below, area, mass = 0.0, 0.0, 0.0
    for i in order(values):
        share = values[i] * weight[i]
        area += weight[i] * (2.0 * below + share)
        below += share
        mass += weight[i]
    return 1.0 - area / (mass * below) if mass * below > 0.0 else 0.0


def quantile(values, weight, at):
    """The lowest value at which the weights below or at it reach the share `at`; 0 where there is nobody."""
    mass = 0.0
    for i in range(len(values)):
        mass += weight[i]
    reached, found, answer = 0.0, False, 0.0
    for i in order(values):
        if not found:
            reached += weight[i]
            answer = values[i]
            found = reached >= at * mass
    return answer


def mode(values):
    """The most frequent of the whole numbers from 0; the lowest of equals."""
    best, most = 0, 0
    for i in range(len(values)):
        n = 0
        for j in range(len(values)):
            n += 1 if values[j] == values[i] else 0
        if n > most or (n == most and values[i] < best):
            best, most = int(values[i]), n
    return float(best)


def argmax(values):
    """Number of the member with the largest value; the first of equals."""
    best = 0
    for i in range(1, len(values)):
        if values[i] > values[best]:
            best = i
    return float(best)


def sort_into(values, out):
    """Writes the order of the rows by value into `out`."""
    for place, i in enumerate(order(values)):
        out[place] = float(i)


def ahead(values, by_order, out):
    """For each row the sum of `values` over the rows that stand before it in the order."""
    running = 0.0
    for k in range(len(values)):
        i = int(by_order[k])
        out[i] = running
        running += values[i]


def rank(by_order, out):
    """For each row the share of rows that stand before it in the order."""
    n = len(out)
    for k in range(n):
        out[int(by_order[k])] = k / n


def tie_sum(flow, first, second, out):
    """For each agent what its ties bring: a flow leaves the first end and reaches the second."""
    for i in range(len(out)):
        out[i] = 0.0
    for t in range(len(flow)):
        out[first[t]] = out[first[t]] - flow[t]
        out[second[t]] = out[second[t]] + flow[t]


def tie_total(values, first, second, out):
    """For each agent the sum of a column over its ties."""
    for i in range(len(out)):
        out[i] = 0.0
    for t in range(len(values)):
        out[first[t]] = out[first[t]] + values[t]
        out[second[t]] = out[second[t]] + values[t]


def tie_mean(values, weight, first, second, out, scratch):
    """For each agent the weighted mean of a column over the agents at the other end; 0 without ties."""
    for i in range(len(out)):
        out[i] = 0.0
        scratch[i] = 0.0
    for t in range(len(weight)):
        i, j, w = first[t], second[t], weight[t]
        out[i] = out[i] + w * values[j]
        out[j] = out[j] + w * values[i]
        scratch[i] = scratch[i] + w
        scratch[j] = scratch[j] + w
    for i in range(len(out)):
        out[i] = out[i] / scratch[i] if scratch[i] > 0.0 else 0.0
