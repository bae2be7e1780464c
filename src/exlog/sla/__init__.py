"""Service levels: which steps of a record have a time allowed, and whether they kept it.

``reading`` makes rules of the list under ``sla:`` in exlog.yaml, ``targets`` applies them to a record by its
``clock``, ``watching`` does so for many open ones, ``explaining`` says how a due time came about.
"""

from exlog.sla.clock import Hold
from exlog.sla.explaining import explain, state_label, step_label
from exlog.sla.reading import STANDARD, Rule, SlaPolicy, Step, read_sla
from exlog.sla.targets import STATES, Compliance, Target, compliance, held_intervals, main_due, targets, verdicts
from exlog.sla.watching import Running, Watch

__all__ = [
    "STANDARD",
    "STATES",
    "Compliance",
    "Hold",
    "Rule",
    "Running",
    "SlaPolicy",
    "Step",
    "Target",
    "Watch",
    "compliance",
    "explain",
    "held_intervals",
    "main_due",
    "read_sla",
    "state_label",
    "step_label",
    "targets",
    "verdicts",
]
