"""Ports of servers that tests start: nobody else takes one, not even while its server is down.

Needs only the standard library: postgres.py uses it.
"""

import fcntl
import os
import random
import socket
from pathlib import Path

LOWEST = 10000
RANGE_OF_OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")


def _first_outgoing():
    try:
        return int(RANGE_OF_OUTGOING.read_text().split()[0])
    except (OSError, ValueError):
        return 32768


class _Claims:
    """A byte of one file stands for a port: who has locked it has the port until its process ends, however that is."""

    def __init__(self):
        self._file = Path("/tmp") / f"flowsell-test-ports-{os.geteuid()}"
        self._descriptor = None
        self._owner = None
        self._mine = set()

    def take(self, port):
        if self._owner != os.getpid():  # locks are not inherited
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._owner, self._mine = os.getpid(), set()
        if port in self._mine:
            return False
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            return False
        self._mine.add(port)
        return True


_claims = _Claims()


def _is_free(port):
    with socket.socket() as probe:
        # As a server does it: what is left of connections that have ended is in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """A port of this process until it ends, below those that the system gives to outgoing connections."""
    chance = random.SystemRandom()
    highest = max(_first_outgoing(), LOWEST + 5000)
    while True:
        port = chance.randrange(LOWEST, highest)
        if _claims.take(port) and _is_free(port):
            return port
