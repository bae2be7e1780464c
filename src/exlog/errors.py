"""One error root; a class for each exit code. Raised anywhere, shown once, on one line of stderr."""

from __future__ import annotations

from exlog.i18n import N_


class ExlogError(Exception):
    """Something the user can act on.

    ``message`` says what is wrong, ``where`` names file, line and field (``exceptions.csv:12: status``),
    ``remedy`` says what to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def line(self) -> str:
        """The whole error on one line: ``where: message; remedy``."""
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}; {self.remedy}" if self.remedy else text


class Problems(ExlogError):
    """Problems found, or nothing found, where that is the question (``check``)."""

    exit_code = 1


class Usage(ExlogError):
    """The call cannot be understood."""

    exit_code = 2


class Refused(ExlogError):
    """A guard refuses the change; the remedy names the command that supplies what is missing."""

    exit_code = 2


class Conflict(ExlogError):
    """Two versions stand against each other and a person must decide."""

    exit_code = 3


class Damaged(ExlogError):
    """A file of the ledger cannot be read as what it should be."""

    exit_code = 4


class NotFound(ExlogError):
    """No such record, customer or ledger."""

    exit_code = 5


class Busy(ExlogError):
    """The ledger is locked, or the disk refused the write: nothing changed, try again."""

    exit_code = 75


class OutputLost(ExlogError):
    """What a command printed could not be written; what it did to the ledger stands."""

    exit_code = 74


EXIT_CODES: dict[int, str] = {
    0: N_("done"),
    1: N_("problems found, or nothing found where that is the question (check)"),
    2: N_("wrong usage, or a change that a rule refuses"),
    3: N_("a conflict for a person to decide"),
    4: N_("damaged data"),
    5: N_("no such record, customer or ledger"),
    74: N_("the output could not be written; what the command did stands"),
    75: N_("busy, or the disk or a service refused: nothing changed, try again"),
}
