"""Models that are not ours, carried by the same engine: tables, rules and a start of their own, nothing of Swadaya's.

poverty_trap: rules of Dupont and Roy's model of poverty traps at several levels.
society: its people, network, communities and projects at step 0.
regimes: the experiment; what the authors found against what is found here.

    swadaya reproduce poverty_traps  # the three regimes beside those that the authors found
"""
