"""A store and its copy, of each pair of kinds."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.stores.copying.copies import PAIRS, Pair, pair_of


@pytest_asyncio.fixture(params=PAIRS)
async def pair(
    request: pytest.FixtureRequest,
    transactional_db: None,
    empty_postgres: str,
    firestore_emulator: str,
) -> AsyncIterator[Pair]:
    kinds: str = request.param
    async with pair_of(kinds, postgres=empty_postgres, emulator=firestore_emulator) as pair:
        yield pair
