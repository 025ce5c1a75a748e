"""The state of an application: what it keeps about its clients while it serves one instance.

`scope["state"]` is the ASGI place for an application's own state
(https://asgi.readthedocs.io/en/stable/specs/lifespan.html#lifespan-state). Servers fill it only if
they have a lifespan, so `config.application` sets it for every scope.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest
from rest_framework.request import Request

from chat.authentication import (
    Authenticator,
    Identity,
    ServiceAuthenticator,
    VerifiedTokens,
    make_authenticator,
)
from chat.limits.person_turns import PersonTurns
from chat.limits.shown_tokens import ShownTokens
from chat.limits.sign_ins import SignIns
from chat.limits.strangers import Strangers
from chat.limits.throttling import person_rates
from messaging.domain.exceptions import MessagingError
from messaging.domain.limits import get_limits
from messaging.runtime.instance import Instance
from messaging.services.account import profiles

logger = structlog.get_logger(__name__)

_KEY = "application"


class ApplicationState:
    """The verified tokens, the rates and the turns of one application. Nothing of it is shared with
    another application of the process."""

    def __init__(
        self,
        instance: Instance,
        *,
        authenticator: Authenticator | None = None,
        strangers: Strangers | None = None,
    ) -> None:
        """Create the state from the settings. `authenticator` and `strangers` replace the parts
        that the settings describe."""
        self.instance = instance
        self.tokens = VerifiedTokens(
            authenticator or make_authenticator(), on_profile=self._complete_profile
        )
        self.strangers = strangers or Strangers()
        self.service_tokens = VerifiedTokens(ServiceAuthenticator(instance.service_accounts))
        self.shown_tokens = ShownTokens(self.tokens, self.service_tokens, self.strangers)
        self.sign_ins = SignIns(instance.rates)
        self.person_rates = person_rates(get_limits())
        self.turns = PersonTurns()

    async def _complete_profile(self, identity: Identity) -> None:
        """Store what a sign-in gives of a person's profile. If this fails, the next token of the
        person gives it again."""
        try:
            await profiles.complete_profile(
                self.instance,
                user_id=identity.user_id,
                signed_in_at=identity.signed_in_at,
                offered=identity.profile,
            )
        except MessagingError as error:
            logger.info("profile.not_completed", user_id=identity.user_id, code=error.code)
        except Exception:  # nobody waits for this work, and the request goes on
            logger.exception("profile.failed", user_id=identity.user_id)

    def close(self) -> None:
        """Close the connections to the issuer of tokens."""
        self.tokens.close()


class NoInstance(Exception):
    """There is no instance in this scope. Serve with `config.asgi.application`."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def with_state(scope: MutableMapping[str, Any], state: ApplicationState) -> dict[str, Any]:
    """Return a copy of the scope with the state."""
    return {**scope, "state": {**scope.get("state", {}), _KEY: state}}


def state_of(source: Mapping[str, Any] | HttpRequest | Request) -> ApplicationState:
    """Return the state of the application that serves a scope, or a request that came through
    ASGI. Raises NoInstance."""
    scope = source if isinstance(source, Mapping) else getattr(source, "scope", {})
    state = scope.get("state", {}).get(_KEY)
    if not isinstance(state, ApplicationState):
        raise NoInstance
    return state


def instance_of(source: Mapping[str, Any] | HttpRequest | Request) -> Instance:
    """Return the instance that serves a scope or a request. Raises NoInstance."""
    return state_of(source).instance
