"""How much of a request is read before it is parsed."""

from __future__ import annotations

from typing import Final

# Bytes of a request's address. With its method it fits into the 8,192 that the websocket library takes of a line.
MOST_ADDRESS: Final = 8000
# Bytes of one header, name and value; bytes of a head with its address and all headers; number of headers. Browsers
# send less than half of each.
MOST_HEADER: Final = 8000
MOST_HEAD: Final = 32 * 1024
MOST_HEADERS: Final = 100
# Bytes of a Content-Type: a boundary has at most 70 (RFC 2046). The form parser takes 50 ms for 8,000 semicolons.
MOST_TYPE: Final = 256
# Requests that wait behind the one being answered. Browsers and proxies send none before its answer.
MOST_WAITING: Final = 8
# Pieces of a body in one read (256 KB).
MOST_PIECES: Final = 4000
