"""What a server is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """How a server is bound, and where it keeps what belongs to no campaign.

    Attributes
    ----------
    root : Path
        The folder that is served: a campaign, or a folder of campaigns.
    host, port : str, int
        Where it listens; `port` is the one that was taken when 0 was asked for.
    token : str
        Opens the loopback mode, in which there are no users.
    work : bool
        Whether the server keeps a work process beside it.

    Examples
    --------
    >>> Settings(Path("spam"), token="t").loopback
    True
    >>> Settings(Path("spam"), host="0.0.0.0", token="t").loopback
    False
    """

    root: Path
    host: str = "127.0.0.1"
    port: int = 8123
    token: str = ""
    work: bool = False

    @property
    def loopback(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        return self.host in ("127.0.0.1", "localhost", "::1")
