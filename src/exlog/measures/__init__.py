"""The figures: every measure and dimension declared once, as SQL that an engine runs.

``table`` and ``dimensions`` declare, ``words`` reads what people ask for, ``raw``, ``choosing`` and ``facts`` make the
relation that measures are taken of, ``query`` a question over it, ``answering`` rows of what came back. Terms
follow ISO 10002:2018 (complaints handling) and usual help-desk vocabulary.
"""

from exlog.measures.answering import Row
from exlog.measures.dimensions import DIMENSIONS, Dimension, dimension, label_of
from exlog.measures.query import Question
from exlog.measures.table import DEFAULT_MEASURES, MEASURES, Measure
from exlog.measures.words import parse_dimensions, parse_measures, parse_pivot

__all__ = [
    "DEFAULT_MEASURES",
    "DIMENSIONS",
    "MEASURES",
    "Dimension",
    "Measure",
    "Question",
    "Row",
    "dimension",
    "label_of",
    "parse_dimensions",
    "parse_measures",
    "parse_pivot",
]
