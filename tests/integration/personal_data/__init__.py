"""What is kept of a person, everywhere: planted, looked for, erased."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from google.cloud import firestore
from prometheus_client import generate_latest
from redis.asyncio import Redis

PAST = datetime(2020, 1, 1, tzinfo=UTC)


async def everything() -> Mapping[str, str]:
    """The content of every table, document, file, Redis key and metric, by its place."""
    found = dict(await sync_to_async(_tables)())
    found |= await asyncio.to_thread(_files)
    found["metrics"] = generate_latest().decode()
    if settings.CHAT_STORE == "firestore":
        found |= await asyncio.to_thread(_documents)
    if settings.REDIS is not None:
        found |= await _redis_keys(settings.REDIS["address"])
    return found


async def places_of(*marks: str) -> Mapping[str, str]:
    """The places where one of the marks is, each with what is around it."""
    places = {}
    for place, content in (await everything()).items():
        for mark in marks:
            at = (place + content).find(mark)
            if at >= 0:
                places[place] = (place + content)[max(at - 120, 0) : at + 120]
    return places


def _tables() -> Mapping[str, str]:
    """Every row of every table, also of those behind the search index, as text."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for number, row in enumerate(cursor.fetchall()):
                values = {
                    name: _text(value) for name, value in zip(columns, row, strict=True) if value
                }
                found[f"table {table} {number}"] = json.dumps(values, ensure_ascii=False)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return value if isinstance(value, str) else repr(value)


def _files() -> Mapping[str, str]:
    folder = Path(settings.CHAT_FILES_DIR)
    return {
        f"file {path.relative_to(folder)}": path.read_bytes().decode("latin-1")
        for path in folder.rglob("*")
        if path.is_file()
    }


def _documents() -> Mapping[str, str]:
    """Every document, also those below a document that does not exist. A request for each document
    would take many minutes."""
    client = firestore.Client(project=settings.GOOGLE_CLOUD_PROJECT)
    found = {
        f"document {document.reference.path}": repr(document.to_dict())
        for collection in client.collections()
        for document in collection.recursive().stream()
    }
    client.close()
    return found


async def _redis_keys(address: str) -> Mapping[str, str]:
    found = {}
    async with Redis.from_url(address, decode_responses=True) as client:
        async for key in client.scan_iter(match="chat:*"):
            kind = await client.type(key)
            if kind == "string":
                value: Any = await client.get(key)
            elif kind == "hash":
                value = await client.hgetall(key)  # type: ignore[misc]
            elif kind == "set":
                value = await client.smembers(key)  # type: ignore[misc]
            else:
                value = await client.zrange(key, 0, -1, withscores=True)
            found[f"redis {key}"] = repr(value)
    return found
