"""The bounded places: nation, district, village. Nothing crosses a village's border within a quarter."""

from __future__ import annotations

from sim.engine.table import Column, Table

LEVERS = (
    Column("dividend", "z per person and quarter", "equal cash to every person", 0.0, lever=True),
    Column("cash", "z per person and quarter", "targeted cash, averaged over the village", 0.0, lever=True),
    Column("cash_quota", "share of households", "how many of the poorest get the targeted cash", 0.0, 1.0, lever=True),
    Column(
        "cash_community",
        "share",
        "weight of the community's ranking against the proxy means test in the list of targeted cash",
        0.0,
        1.0,
        lever=True,
    ),
    Column("elite_barred", "0 or 1", "the elite comes last in the list of targeted cash", 0.0, 1.0, lever=True),
    Column("pkh", "z per person and quarter", "Program Keluarga Harapan, averaged over the village", 0.0, lever=True),
    Column(
        "pkh_quota",
        "share of households",
        "how many of the poorest are in Program Keluarga Harapan",
        0.0,
        1.0,
        lever=True,
    ),
    Column("pkh_stays", "quarters", "how long who is listed for it stays before being tested anew", 0.0, lever=True),
    Column(
        "rastra",
        "z per person and quarter",
        "subsidised rice in cash's worth, averaged over the village",
        0.0,
        lever=True,
    ),
    Column("rastra_quota", "share of households", "how many of the poorest are on the rice list", 0.0, 1.0, lever=True),
    Column("asset", "z per person and quarter", "paid into the fund for lump assets and coaching", 0.0, lever=True),
    Column("asset_lump", "z per member", "price of one asset package", 0.0, lever=True),
    Column("asset_coaching", "share of the package", "coaching and delivery inside the price", 0.0, 1.0, lever=True),
    Column(
        "asset_community",
        "share",
        "weight of the community's ranking against the proxy means test",
        0.0,
        1.0,
        lever=True,
    ),
    Column("asset_animals", "share", "share of the assets given that an epidemic can kill", 0.0, 1.0, lever=True),
    Column("credit", "z per person and quarter", "subsidy and guarantee of bank loans", 0.0, lever=True),
    Column("group_capital", "z per person and quarter", "given to lending groups, which lend it on", 0.0, lever=True),
    Column("group_quota", "share of households", "how many lending groups take in", 0.0, 1.0, lever=True),
    Column("moneylender", "0 or 1", "a moneylender whom anybody may borrow from", 0.0, 1.0, lever=True),
    Column("entitlement", "z per person and quarter", "cash by right, averaged over the village", 0.0, lever=True),
    Column(
        "entitlement_category",
        "0 or 1",
        "who is entitled: 0 everybody, 1 households headed by women",
        0.0,
        1.0,
        lever=True,
    ),
    Column("administration", "z per person and quarter", "offices and staff that reach nobody", 0.0, lever=True),
    Column(
        "works_money", "z per person and quarter", "works of a programme, for the kind that is chosen", 0.0, lever=True
    ),
    Column("works_council", "z per person and quarter", "works that the council chooses (Dana Desa)", 0.0, lever=True),
    Column("road_works", "z per person and quarter", "roads, planned by the agency", 0.0, lever=True),
    Column(
        "road_outside", "share", "share of road works by hands and with materials from outside", 0.0, 1.0, lever=True
    ),
    Column("wage_floor", "share", "least share of a programme's works that is wages", 0.0, 1.0, lever=True),
    Column("facilitation", "z per person and quarter", "facilitators, their training and travel", 0.0, lever=True),
    Column("training", "z per person and quarter", "training open to all", 0.0, lever=True),
    Column("survey", "z per person and quarter", "the planner's fact-finding", 0.0, lever=True),
    Column("audit", "z per person and quarter", "audits of works", 0.0, lever=True),
    Column("service", "z per person and quarter", "staff and quality of school and health post", 0.0, lever=True),
    Column("right_goal", "share", "weight of the meeting's view in the choice of works", 0.0, 1.0, lever=True),
    Column("right_fund", "share", "share of works that residents contract themselves", 0.0, 1.0, lever=True),
    Column("right_process", "share", "share of upkeep that residents lead", 0.0, 1.0, lever=True),
    Column("organising", "z per person and quarter", "organisers of a segment, and campaigns", 0.0, lever=True),
    Column("claim_rents", "share", "how much of the campaign is aimed at the elite's rents", 0.0, 1.0, lever=True),
    Column("claim_slack", "share", "how much of the campaign is aimed at the agency's slack", 0.0, 1.0, lever=True),
    Column("linkage", "z per person and quarter", "liaison between council and agencies", 0.0, lever=True),
    Column("national", "z per person and quarter", "spent on the nation's modern sector", 0.0, lever=True),
    Column("macro_growth", "log a quarter", "assumed to be added to the national trend", 0.0, 0.02, lever=True),
)
MONEY = tuple(c.name for c in LEVERS if c.unit == "z per person and quarter")

nation = Table(
    "nation",
    None,
    (
        Column("macro_shock", "log", "shock to outside markets in this quarter; 0 but in stress twins", -1.0, 1.0),
        Column("wage_shock", "log", "what hands earn against usual in this quarter; 0 but in crises", -1.0, 1.0),
    ),
)

district = Table("district", nation, ())

village = Table(
    "village",
    district,
    (
        Column("subdistrict", "number", "subdistrict (kecamatan) of the village", 0.0, 1e6),
        Column("persons", "persons", "people of the village", 1.0, 1e6),
        Column("custom", "standard deviations", "how little the village is used to meet, against others", -6.0, 6.0),
        Column("pass_through", "share", "how much of the trend of outside markets reaches the village", 0.0, 1.0),
        Column("outside_base", "z per quarter", "what outsiders bought in the village at the start, in all", 0.0, 1e7),
        Column("income_base", "z per quarter", "own income of the village at the start, in all", 0.0, 1e7),
        Column("import_need", "share", "share of spending for which nothing was offered in the village", 0.0, 1.0),
        Column("terms_base", "log", "outside price against local price at the start", -5.0, 5.0),
        Column("road_base", "units", "stock of roads at the start, kept up by the district", 0.0, 10.0),
        Column(
            "local_shock", "log", "shock to all output of the village in this quarter; 0 but in stress twins", -1.0, 1.0
        ),
        *LEVERS,
    ),
)
