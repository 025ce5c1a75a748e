"""`manage.py rebuild_search` makes the index that of the store, also after it was killed."""

import asyncio
import signal
from collections.abc import Mapping, Sequence

import pytest
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.models import SearchMembershipRecord, SearchMessageRecord
from messaging.runtime.instance import Instance
from messaging.services import messages
from messaging.stores.sql.connections.calls import Calls
from tests.integration.search.comparing import end_leases, require_equal
from tests.integration.stores import new_conversation
from tests.servers.forked import run_python

CONVERSATIONS, STEP = 70, 50
KILLED = """
import os, signal, sys
import django
from django.core.management import call_command

class Output:
    def write(self, text):
        sys.stdout.write(text)
        sys.stdout.flush()
        if "conversations" in text:
            os.kill(os.getpid(), signal.SIGKILL)

django.setup()
call_command("rebuild_search", "--anew", stdout=Output())
"""


@pytest.mark.parametrize("stored", ["sql"], indirect=True)
async def test_a_killed_rebuild_goes_on(
    searching: Instance, environment: Mapping[str, str]
) -> None:
    """It shows its progress, and what was wrong in the index is right afterwards."""
    assert searching.search is not None
    groups = [
        await searching.store.create_conversation(new_conversation("ann", "bob"))
        for _ in range(CONVERSATIONS)
    ]
    for group in groups[:5]:
        for text in ("green tea", "coffee"):
            await messages.send_message(
                searching, user_id="ann", conversation_id=group.id, text=text
            )
    await searching.search.catch_up()
    calls = Calls(using=DEFAULT_DB_ALIAS, timeout=30)
    await calls.write("follow", spoil)
    with pytest.raises(AssertionError):
        await require_equal(searching)

    killed = await run("-c", KILLED, environment=environment)
    assert killed[0] == -signal.SIGKILL, killed
    assert steps(killed[1])[-1].startswith(f"{STEP} conversations, ")
    with pytest.raises(AssertionError):
        await require_equal(searching)

    await end_leases()
    status, lines = await run("manage.py", "rebuild_search", environment=environment)
    assert status == 0
    assert lines[0] == "Continuing the unfinished rebuild."
    assert steps(lines)[0].startswith(f"{CONVERSATIONS - STEP} conversations, ")
    assert lines[-1] == "The index is complete."
    await require_equal(searching)
    await calls.close()


def spoil(database: BaseDatabaseWrapper) -> None:
    """Take from the index all messages and the half of the people, and add a stranger."""
    SearchMessageRecord.objects.using(database.alias).all().delete()
    memberships = SearchMembershipRecord.objects.using(database.alias)
    memberships.filter(user_id="bob").delete()
    first = memberships.first()
    assert first is not None
    memberships.create(user_id="eve", conversation_id=first.conversation_id, visible_from=1)


async def run(*command: str, environment: Mapping[str, str]) -> tuple[int, list[str]]:
    """Return the exit status and the lines of a command."""
    done = await asyncio.to_thread(run_python, *command, environment=environment)
    return done.returncode, done.stdout.splitlines()


def steps(lines: Sequence[str]) -> Sequence[str]:
    """The lines that show progress. A busy machine has others too."""
    return [line for line in lines if "conversations" in line]
