"""Sweeps: one study over many worlds, kept in a store that any tool can read, and never run twice.

A study (`study.Study`, a TOML file) names a scenario, uncertainties, levers, metrics, a design and how many lucks each
world meets. `design` draws the points, `plan` turns them into runs with a key each, `work` is what a worker does,
`runner` hands work to any `concurrent.futures.Executor`, `store` keeps what comes back, `sweep` holds these together.
"""

NEEDED = "needs the analysis packages: pip install 'swadaya[analysis]'"
