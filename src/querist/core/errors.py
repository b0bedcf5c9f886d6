"""Errors that say what was expected, what came, and what to do next."""

from __future__ import annotations


class QueristError(Exception):
    """Base of every error querist raises on purpose.

    Examples
    --------
    >>> issubclass(BadLabel, QueristError) and issubclass(BadLabel, ValueError)
    True
    """


class BadInput(QueristError, ValueError):
    """An argument, a file or an array is not what the call can work with."""


class BadLabel(QueristError, ValueError):
    """A label is not an allowed answer to the question."""


class BadStrategy(QueristError, ValueError):
    """A query strategy broke its contract (duplicate or foreign positions, say)."""


class MissingNeed(QueristError, ValueError):
    """A query strategy needs something the model or the pool cannot give."""


class TooSlow(QueristError, RuntimeError):
    """A choice would take longer than the campaign allows; nothing was started."""


class MissingExtra(QueristError, ImportError):
    """An optional dependency is not installed; the message holds the pip line."""


class NoModel(QueristError, LookupError):
    """There is no trained model yet, or none of that version."""


class UnknownTask(QueristError, LookupError):
    """No task or item goes by that id."""


class NotServed(QueristError, LookupError):
    """An item reserved for measuring (holdout, stop set) was asked of the policy."""


class LeaseLost(QueristError, RuntimeError):
    """A task is no longer in the hands of whoever answered it; nothing was recorded.

    Attributes
    ----------
    code : str
        "lease_expired": its lease ran out, or the queue was ranked anew; renew it, or ask again.
        "held": somebody else has it now. "answered": all answers it was asked for are in.

    Examples
    --------
    >>> LeaseLost("task b0-1 is in other hands; ask for another one", "held").code
    'held'
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type[LeaseLost], tuple[str, str]]:
        return LeaseLost, (str(self), self.code)


class Conflict(QueristError, RuntimeError):
    """The log moved past the position the writer expected; read on and try again."""


class LogError(QueristError, RuntimeError):
    """The log cannot be read or written."""


class LogBusy(LogError):
    """Somebody else kept the log to himself for too long; nothing was written."""


class TamperedLog(LogError):
    """The hash chain is broken: a row of the log was changed after it was written."""


class NewerLog(LogError):
    """The log holds events of a newer querist than this one."""


class LogFull(LogError, OSError):
    """The disk refused a write; nothing of that write was kept."""


class Unsupported(QueristError, ValueError):
    """A part of the contract that this version does not offer yet."""


def need_extra(package: str, extra: str) -> MissingExtra:
    """Build the error for an optional package that is not installed.

    Examples
    --------
    >>> str(need_extra("river", "stream"))
    "this needs the package 'river', which is not installed: pip install 'querist[stream]'"
    """
    return MissingExtra(
        f"this needs the package {package!r}, which is not installed: "
        f"pip install 'querist[{extra}]'"
    )
