"""Reads and writes the people of a copy, on Cloud Firestore."""

from collections.abc import Iterable, Sequence

from messaging.domain.recipients import Device
from messaging.exchange.records import Person
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import Writes
from messaging.stores.firestore.exchange.reading import read_person
from messaging.stores.firestore.exchange.writing import person_fields
from messaging.stores.firestore.recipients import device_fields, read_devices
from messaging.stores.firestore.values import read_text
from messaging.stores.recipients import token_digest


async def get_people(connection: Connection, user_ids: Sequence[str]) -> dict[str, Person]:
    names = [connection.database.document("users", user_id) for user_id in user_ids]
    found = await connection.get("get_full_people", names) if names else []
    return {one.user_id: one for one in map(read_person, found)}


async def write_person(connection: Connection, person: Person) -> None:
    database = connection.database
    name = database.document("users", person.user_id)
    writes = Writes(database)
    devices = {one.id: device_fields(one) for one in person.devices}
    writes.set(name, {**person_fields(person), "devices": devices})
    for device in person.devices:
        owner = {"user_id": person.user_id, "device_id": device.id}
        writes.set(database.document("device_tokens", token_digest(device)), owner)
    await _free_tokens(connection, writes, person.user_id, kept=person.devices)
    await connection.write("write_person", writes)


async def remove_person(connection: Connection, user_id: str) -> None:
    writes = Writes(connection.database)
    await _free_tokens(connection, writes, user_id)
    writes.delete(connection.database.document("users", user_id))
    await connection.write("remove_person", writes)


async def _free_tokens(
    connection: Connection, writes: Writes, user_id: str, *, kept: Iterable[Device] = ()
) -> None:
    """Delete the tokens of a person's stored devices, except those that are kept and those that
    belong to another person by now."""
    database = connection.database
    found = await connection.get("write_person", [database.document("users", user_id)])
    stored = read_devices(found[0] if found else None)
    digests = set(map(token_digest, stored.values())) - set(map(token_digest, kept))
    if not digests:
        return
    names = [database.document("device_tokens", one) for one in digests]
    for document in await connection.get("write_person", names):
        if read_text(document.fields["user_id"]) == user_id:
            writes.delete(document.name)
