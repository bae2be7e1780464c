"""A period's service report: what it asks, what it holds, what it suggests. Pure: answers in, a document out."""

from exlog.report.building import build
from exlog.report.material import Material, Waiting
from exlog.report.model import Document
from exlog.report.periods import Period, parse, previous
from exlog.report.questions import Question, command, questions

__all__ = [
    "Document",
    "Material",
    "Period",
    "Question",
    "Waiting",
    "build",
    "command",
    "parse",
    "previous",
    "questions",
]
