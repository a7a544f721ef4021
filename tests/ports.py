"""Ports for the servers of tests, which are chosen some time before a server listens there."""

import os
import random
import socket
from collections import deque
from typing import Final

_HOST: Final = "127.0.0.1"
_PORTS: Final = range(10_000, 20_000)
"""Apart from the ports that the product chooses, and from those of outgoing connections."""
_KEPT: Final = 200
"""Claims of one process: many times what one test uses, and few beside its limit of files."""

_claims: deque[int] = deque()


def free_port() -> int:
    """Return a port of loopback where nothing listens, and which no other test chooses.

    A UDP socket at the same number claims it for all processes of this machine, while this one
    lives; a TCP server can still listen there, and be started again there.
    """
    while True:
        port = random.choice(_PORTS)
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind((_HOST, port))
            _listen_once(port)
        except OSError:  # claimed by another test, or taken by another program
            claim.close()
            continue
        _claims.append(claim.detach())
        if len(_claims) > _KEPT:
            os.close(_claims.popleft())
        return port


def _listen_once(port: int) -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((_HOST, port))
        server.listen()
