"""Program that checks nothing: it opens the file whose path it is sent, and answers once that can be read.

A named pipe without a writer so keeps it for ever, without the processor.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    Path(sys.stdin.buffer.read().decode().strip()).read_bytes()
    sys.stdout.write('{"kind": "checkpoint", "checks": [], "note": ""}')
