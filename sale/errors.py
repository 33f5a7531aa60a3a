"""The errors a user can meet, a line each; the exit code of the command line is part of the type.

All of them pickle (Ray carries them between processes), so none defines ``__init__``.
"""


class SaleError(Exception):
    """Anything that SALE reports to its user in one line."""

    exit_code = 2


class InputError(SaleError):
    """A task, an option or a file given by the user can't be used."""


class ConfigError(InputError):
    """A market file is broken; the message names the file and the key."""


class ModelError(SaleError):
    """A model file is missing, damaged or can't be fetched."""


class SuiteError(SaleError):
    """A suite of tasks can't be fetched, or is damaged."""


class BackendError(SaleError):
    """A back end can't be reached, or answered with something unusable."""


class BusyError(BackendError):
    """All replicas of an agent are full, and as many calls wait as may."""


class UnreachableError(BackendError):
    """A back end was never reached, or refused the call unread: nothing is charged."""


class SandboxError(SaleError):
    """No sandbox tier works here, or a sandboxed run could not be started."""


class StoreError(SaleError):
    """The auction memory or a built corpus can't be opened, read or written."""


class NoBidsError(SaleError):
    """Not one agent made a usable bid."""

    exit_code = 3


class WorthlessError(SaleError):
    """No agent is worth its price, so nothing was awarded."""

    exit_code = 3


class BudgetError(SaleError):
    """The next call could cost more than what is left of the budget."""

    exit_code = 4
