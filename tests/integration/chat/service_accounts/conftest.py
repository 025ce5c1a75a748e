"""Service accounts on the SQL store."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from messaging.domain.integrations.service_accounts import Scope
from messaging.runtime.instance import Instance
from messaging.services.operators import service_accounts
from tests.integration.chat import Api
from tests.integration.chat.service_accounts import ServiceApi

MakeService = Callable[..., Awaitable[ServiceApi]]


@pytest.fixture
def make_service(ann: Api, instance: Instance) -> MakeService:
    """Make an account with some scopes: `await make_service("bot", "send")`."""

    async def make(name: str, *scopes: str) -> ServiceApi:
        token = await service_accounts.create_account(
            instance.service_accounts, name=name, scopes=[*map(Scope, scopes)], by="root"
        )
        return ServiceApi(ann.client, name, token)

    return make


@pytest_asyncio.fixture
async def service(make_service: MakeService) -> ServiceApi:
    """An account with all scopes."""
    return await make_service("shop", *Scope)
