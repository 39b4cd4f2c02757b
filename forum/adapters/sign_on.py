"""The provider of single sign-on, where the settings name one; its libraries are an extra."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from forum.errors import StartupProblem
from forum.ports.sign_on import IdentityProvider

if TYPE_CHECKING:
    from forum.adapters.oidc import OidcProvider

BACK = "/sign-in/provider/back"
_MISSING = (
    "FORUM_OIDC_ISSUER needs libraries that are not installed. Install them, in the folder of Forum's source: "
    "%(python)s -m pip install '.[oidc]'"
)


def provider_of(provider: IdentityProvider | None, address: str) -> OidcProvider | None:
    """Makes the provider that the settings name, None for none; `address` is how browsers reach this Forum.

    Raises StartupProblem where its libraries are not installed.
    """
    if provider is None:
        return None
    try:
        from forum.adapters.oidc import OidcProvider  # noqa: PLC0415 - an extra that need not be there
    except ModuleNotFoundError as error:
        raise StartupProblem(_MISSING, python=sys.executable) from error
    return OidcProvider(provider, address + BACK)
