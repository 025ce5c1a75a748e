"""Firestore's notes of instances that have lost Redis: documents `links/{boot_id}`."""

from contextlib import suppress

from messaging.domain.change import COMMIT_TIME
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.conversations import CommitUnknown, Conflict
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.values import plain_time, read_token
from messaging.stores.link_notes import LINK_NOTE_LIFETIME, LinkNotes


async def put(connection: Connection, boot_id: str) -> None:
    writes = Writes(connection.database)
    writes.set(connection.database.document("links", boot_id), {"renewed_at": COMMIT_TIME})
    await connection.write("put_link_note", writes)


async def delete(connection: Connection, boot_id: str) -> None:
    writes = Writes(connection.database)
    writes.delete(connection.database.document("links", boot_id))
    await connection.write("delete_link_note", writes)


async def list_current(connection: Connection) -> LinkNotes:
    """Return the present notes. A reader deletes the notes of dead instances, because every read
    pays for them."""
    found, read_at = await connection.dated_query(
        "list_link_notes", connection.database.root, query("links")
    )
    boot_ids: set[str] = set()
    outdated = Writes(connection.database)
    for document in found:
        renewed_at = plain_time(document.fields["renewed_at"].timestamp_value)
        if read_at - renewed_at <= LINK_NOTE_LIFETIME:
            _, boot_id = document.name.rsplit("/", 1)
            boot_ids.add(boot_id)
        else:
            # With the token, because its instance may only have been stopped, and may be renewing
            # it now.
            outdated.delete(document.name, token=read_token(document.update_time))
    if outdated:
        # After any conflict, the next read tries again.
        with suppress(Conflict, CommitUnknown, StoreUnavailable):
            await connection.commit("list_link_notes", outdated)
    return LinkNotes(boot_ids=frozenset(boot_ids), read_at=read_at)
