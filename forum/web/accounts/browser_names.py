"""Short names of browsers, made of what they say of themselves: "Firefox, Windows". Nothing else of that is kept."""

from __future__ import annotations

from starlette.requests import HTTPConnection

_READ = 400  # signs of a user agent that are looked at
# The first that is in it names it: Edge and Opera also say Chrome, and Chrome also says Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def browser_name(request: HTTPConnection) -> str:
    """Returns the short name of the browser that asks, "" for one that is not known."""
    said = request.headers.get("user-agent", "")[:_READ]
    return ", ".join(_first(said, names) for names in (_BROWSERS, _SYSTEMS) if _first(said, names))


def _first(said: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for sign, name in names if sign in said), "")
