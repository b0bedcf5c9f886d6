"""Every error querist raises on purpose; each says what was expected, what came, what to do."""

from querist.core.errors import (
    BadInput,
    BadLabel,
    BadStrategy,
    Conflict,
    LogError,
    LogFull,
    MissingExtra,
    MissingNeed,
    NewerLog,
    NoModel,
    NotServed,
    QueristError,
    TamperedLog,
    TooSlow,
    UnknownTask,
    Unsupported,
)

__all__ = [
    "BadInput",
    "BadLabel",
    "BadStrategy",
    "Conflict",
    "LogError",
    "LogFull",
    "MissingExtra",
    "MissingNeed",
    "NewerLog",
    "NoModel",
    "NotServed",
    "QueristError",
    "TamperedLog",
    "TooSlow",
    "UnknownTask",
    "Unsupported",
]
