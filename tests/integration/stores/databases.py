"""Databases of Django beside the default one, for the tests that want one of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from pytest_django import DjangoDbBlocker

from config.databases import database
from tests.databases import fill_postgres


@contextmanager
def added_database(alias: str, url: str, blocker: DjangoDbBlocker) -> Iterator[str]:
    """Name this database to Django, with the store's tables."""
    with named_database(alias, url):
        with blocker.unblock():
            call_command("migrate", "messaging", database=alias, verbosity=0)
            connections[alias].close()
        yield alias


@contextmanager
def added_postgres(alias: str, url: str, blocker: DjangoDbBlocker) -> Iterator[str]:
    """Name this empty PostgreSQL to Django, with all tables."""
    with named_database(alias, url):
        with blocker.unblock():
            fill_postgres(url, lambda: call_command("migrate", database=alias, verbosity=0))
            connections[alias].close()
        yield alias


@contextmanager
def named_database(alias: str, url: str) -> Iterator[str]:
    """Name this database to Django as the product's settings would."""
    configured = connections.configure_settings({DEFAULT_DB_ALIAS: database(url)})
    connections.settings[alias] = configured[DEFAULT_DB_ALIAS]
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


@contextmanager
def default_database(url: str) -> Iterator[None]:
    """Name this database to Django in place of the default one, with the tables that it has."""
    before = connections.settings[DEFAULT_DB_ALIAS]
    configured = connections.configure_settings({DEFAULT_DB_ALIAS: database(url)})[DEFAULT_DB_ALIAS]
    configured["TEST"]["NAME"] = configured["NAME"]
    _rename_default(configured)
    try:
        yield
    finally:
        _rename_default(before)


def _rename_default(configured: dict[str, Any]) -> None:
    connections[DEFAULT_DB_ALIAS].close()
    del connections[DEFAULT_DB_ALIAS]
    connections.settings[DEFAULT_DB_ALIAS] = configured


def empty(url: str) -> None:
    """Delete everything in a PostgreSQL's tables that the store writes."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "TRUNCATE messaging_conversation, messaging_link_note, messaging_person,"
            " messaging_recipient,"
            " messaging_device, messaging_decision, messaging_sweep, messaging_report,"
            " messaging_report_copy, messaging_reaction,"
            " messaging_epoch, messaging_service_account, messaging_service_action,"
            " messaging_follower, messaging_follower_sweep, messaging_checkpoint,"
            " messaging_search_message, messaging_search_membership CASCADE"
        )
