"""Forum: deliberative commissioning and forum-theatre voting, with a record that anybody can check."""

from pathlib import Path

__version__ = "0.1.0"

_HERE = Path(__file__).parent
# Where templates, static files and stories are: inside the package as a wheel brings it, beside it in a clone.
ROOT = _HERE if (_HERE / "templates").is_dir() else _HERE.parent
