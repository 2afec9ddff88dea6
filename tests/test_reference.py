"""Series that change only on purpose.

`pytest --renew tests/test_reference.py` writes `reference/series_six_arms.csv` anew, and
`pytest -m full --renew tests/test_reference.py` the digests of the default scenario (two minutes).
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from sim.experiment import canonical, study
from sim.scenario import check, load

FOLDER = Path(__file__).parent / "reference"
SERIES, DIGESTS = FOLDER / "series_six_arms.csv", FOLDER / "digests.toml"
KEYS = [*canonical.SERIES]
SIX = ("status_quo", "dividend", "locality_development", "social_planning", "asset_with_coaching", "hybrid")
DIGITS = "%.10g"
HEAD = """\
# Canonical digest of the series of scenarios/desa.toml, values to ten significant digits: of the metrics named here, so
# that a new metric is no change of the others.
# Written by tests/test_reference.py.
"""


def text_of(series: pd.DataFrame, every: int) -> str:
    """The series as text: sorted, values to ten significant digits, each `every`-th quarter."""
    kept = series[series["quarter"] % every == every - 1].sort_values(KEYS)
    return kept[[*KEYS, "value"]].to_csv(index=False, float_format=DIGITS, lineterminator="\n")


@pytest.fixture(scope="module")
def six(known):
    document = {
        "title": "Six arms in a tiny world",
        "population": {"villages": 4, "households": 40, "seed": 2},
        "replications": {"seeds": 2},
        "twins": {"withdrawal": False, "stress": False},
        "arms": [{"policy": name} for name in SIX],
    }
    return study.run(check(document, known))


def test_series_of_six_arms(six, renew):
    """Every metric of every arm and luck, in every eighth quarter."""
    text = text_of(six.series, every=8)
    if renew:
        SERIES.write_text(text, encoding="utf-8")
    found, wanted = (frame.splitlines() for frame in (text, SERIES.read_text(encoding="utf-8")))
    changed = [f"{old} is now {new}" for old, new in zip(wanted, found, strict=True) if old != new]
    assert not changed, f"{len(changed)} of {len(wanted)} values, the first: {changed[:3]}"


@pytest.mark.full
@pytest.mark.parametrize("size", ["quick", "full"])
def test_digest_of_the_default_scenario(known, renew, size):
    scenario = load("desa", known)
    series = study.run(scenario.quick() if size == "quick" else scenario).series
    digests = tomllib.loads(DIGESTS.read_text(encoding="utf-8")) if DIGESTS.exists() else {}
    named = sorted(set(series["metric"])) if renew else digests["metrics"]
    kept = series[series["metric"].isin(named)]
    rounded = kept.assign(value=[float(DIGITS % value) for value in kept["value"]])
    digest = canonical.digest(rounded, KEYS)
    if renew:
        digests |= {"metrics": named, size: digest}
        lines = [f"{key} = {json.dumps(digests[key])}\n" for key in sorted(digests)]
        DIGESTS.write_text(HEAD + "".join(lines), encoding="utf-8")
    assert digest == digests[size]
