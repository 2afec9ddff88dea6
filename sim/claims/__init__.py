"""The claims of the article of 2018: in how many parameter sets each holds, and under which conditions."""
