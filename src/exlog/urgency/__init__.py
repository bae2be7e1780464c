"""How urgent a record is: a sum of weighted shares makes a score, the score a level, floors raise the level.

    points of a factor = weight × share        share 0 to 1, by the value of one field
    score              = sum of all points     0 to 100, because the weights sum to 100
    level              = the first level whose ``min`` the score reaches, raised by each floor that holds

Numbers are Decimals as written in exlog.yaml (weights with at most 2 decimals, shares with 4), so that products and
sums are exact: nothing is rounded, a score of exactly ``min`` reaches the level, and anybody can redo the sum by hand.

``reading`` makes the policy of exlog.yaml, ``rating`` applies it to a record, ``repeating`` counts how often a customer
came before.
"""

from exlog.urgency.rating import (
    REPEATS,
    Factor,
    Floor,
    Level,
    Part,
    Rating,
    UrgencyPolicy,
    explain,
    level,
    rank,
    rate,
    revise,
    revise_level,
)
from exlog.urgency.reading import DEFAULT, read
from exlog.urgency.repeating import WINDOW, Contact, all_repeats, repeats

__all__ = [
    "DEFAULT",
    "REPEATS",
    "WINDOW",
    "Contact",
    "Factor",
    "Floor",
    "Level",
    "Part",
    "Rating",
    "UrgencyPolicy",
    "all_repeats",
    "explain",
    "level",
    "rank",
    "rate",
    "read",
    "repeats",
    "revise",
    "revise_level",
]
