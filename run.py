"""Starts Forum with its embedded defaults: `python run.py [--host --port --data --no-demo]`."""

import sys

try:
    from forum.__main__ import main
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed. Run: {sys.executable} -m pip install -e . -c constraints.txt")

if __name__ == "__main__":
    main(["serve", *sys.argv[1:]], prog_name="forum")
