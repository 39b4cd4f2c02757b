"""Finds the time zone of an installation: the one that FORUM_TIMEZONE names, else the machine's."""

from __future__ import annotations

from datetime import tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from babel.localtime import get_localzone

from forum.errors import StartupProblem
from forum.sessions.local_time import LONDON, zone

# Names of UTC. Most servers and containers keep it whatever clocks around them show, so that it says no place.
_PLACELESS = {"UTC", "UCT", "GMT", "Zulu", "Universal", "Greenwich", "local"}
_MANY = 3


def time_zone(named: str) -> ZoneInfo:
    """Returns the zone of this name; for "" that of the machine, or London's where the machine keeps UTC.

    Raises StartupProblem for a name that is none, with those that are like it.
    """
    if not named:
        return machine_zone()
    try:
        return zone(named)
    except ValueError as error:
        like = _alike(named)
        if not like:
            words = (
                "FORUM_TIMEZONE must be a time zone as Europe/London, not %(value)s. Leave it empty for this machine's."
            )
            raise StartupProblem(words, value=named) from error
        words = "FORUM_TIMEZONE must be a time zone as Europe/London, not %(value)s. Do you mean %(like)s?"
        raise StartupProblem(words, value=named, like=like) from error


def machine_zone() -> ZoneInfo:
    """Returns the zone that this machine is set to; London's where it is set to none, or to UTC."""
    try:
        name = _key(get_localzone())
        return zone(LONDON if name.removeprefix("Etc/") in _PLACELESS else name)
    except (LookupError, OSError, ValueError):
        return zone(LONDON)


def _key(found: tzinfo) -> str:
    """Returns the name of a zone; "local" for one that a machine made of a file without a name."""
    return str(getattr(found, "key", None) or getattr(found, "zone", None) or "local")


def _alike(named: str) -> str:
    """Returns the names that somebody may have meant, most likely first, with commas between them."""
    known = sorted(available_timezones())
    places = {name.rpartition("/")[2].casefold(): name for name in known if "/" in name}
    whole = {name.casefold(): name for name in known}
    place = named.strip().replace(" ", "_").casefold()
    likely = [
        *(whole[one] for one in get_close_matches(place, whole, _MANY, 0.8)),
        *(places[one] for one in get_close_matches(place.rpartition("/")[2], places, _MANY, 0.8)),
    ]
    return ", ".join(list(dict.fromkeys(likely))[:_MANY])
