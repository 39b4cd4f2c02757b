"""Connections that the system has made for a listening socket and this process has not taken: closing it resets them.

A proxy that has sent a post on one of them can tell nobody whether it was done.
"""

from __future__ import annotations

import errno
import socket

_MOST = 4096


def take_waiting(listening: socket.socket) -> list[socket.socket]:
    """Takes every connection that waits at a listening socket. To be called just before that is closed."""
    taken: list[socket.socket] = []
    while len(taken) < _MOST:
        try:
            one, _ = listening.accept()
        except OSError as error:
            if error.errno == errno.ECONNABORTED:
                continue
            break  # none is left; or no file can be opened any more
        one.setblocking(False)
        taken.append(one)
    return taken
