"""What a server is started with."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
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
    hosts : tuple of str
        Further Host headers that the loopback mode answers to, such as ``box:9000``.
    root_path : str
        What a proxy in front puts before every path; empty without one.
    proxy : bool
        Whether a proxy in front is believed when it says who asks, how, and for which host.
    upload : int
        Bytes a file of items may have.
    rate : float
        Requests a second that one person may make in the long run.

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
    hosts: tuple[str, ...] = ()
    root_path: str = ""
    proxy: bool = False
    upload: int = 10 << 20
    rate: float = 3000.0

    @property
    def loopback(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
