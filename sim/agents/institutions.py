"""Local institutions: where households meet. Each is a row, or some columns of one.

The co-operative group of each kind of activity has a table of its own. Council, savings group and service agency are
one a village, the district's agency one a district: agents of their own over the columns that are theirs.
"""

from __future__ import annotations

from sim.engine.table import Column, Table

from .territory import village

KINDS = ("farming", "livestock and fishing", "trade and crafts", "services")

group = Table(
    "group",
    village,
    (
        Column("kind", "number", "kind of activity, 0 to 3", 0.0, 3.0),
        Column("potential", "log", "how well the place suits works of this kind; nobody sees it exactly", -4.0, 4.0),
        Column("elite_interest", "share", "share of the elite whose main activity this is", 0.0, 1.0),
    ),
)

COUNCIL = ("attendance", "institution_quality", "council_choice", "choice", "loss", "contributors")
SAVINGS_GROUP = ("pot", "loan_cover")
SERVICE_AGENCY = ("service_quality",)
