"""One experiment: a scenario becomes runs, runs become a comparison."""
