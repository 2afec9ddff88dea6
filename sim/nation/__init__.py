"""The nation: every rural household of Indonesia one to one, synthetic, played district by district.

A district is the unit: it starts by itself, runs by itself, and what it comes to is added up in the order of villages
and districts. A shard is any set of districts, so that no number of shards or workers can change a result.
"""
