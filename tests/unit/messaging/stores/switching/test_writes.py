"""Each operation of a store either reads, or is known as a write, with the keys of what it changes.
A write that were missing in the table would go on during a freeze, and its change would be lost."""

import inspect
from pathlib import Path

import pytest

from messaging.stores.attachments import AttachmentStore
from messaging.stores.catalogue import Catalogue
from messaging.stores.conversations import Store
from messaging.stores.decisions import DecisionStore
from messaging.stores.epochs import EpochStore
from messaging.stores.erasure import ErasureStore
from messaging.stores.exchange import ExchangeStore
from messaging.stores.link_notes import LinkNoteStore
from messaging.stores.people import PeopleStore
from messaging.stores.reactions import ReactionStore
from messaging.stores.recipients import RecipientStore
from messaging.stores.reports import ReportStore
from messaging.stores.switching.switchable import operations_of
from messaging.stores.switching.writes import (
    UNREFUSED_WRITES,
    WRITES,
    key_of,
    parts_of,
)

_READS = ("get_", "list_", "page_", "count_", "has_", "find_", "read_")
_OTHERS = {"get", "now", "close"}
_PROTOCOLS: tuple[type, ...] = (
    *(AttachmentStore, Catalogue, DecisionStore, EpochStore, ErasureStore, ExchangeStore),
    *(LinkNoteStore, PeopleStore, ReactionStore, RecipientStore, ReportStore, Store),
)


@pytest.mark.parametrize("protocol", _PROTOCOLS, ids=lambda one: one.__name__)
def test_each_operation_reads_or_is_known_as_a_write(protocol: type) -> None:
    known = {**WRITES.get(protocol, {}), **UNREFUSED_WRITES.get(protocol, {})}
    if protocol is Store:
        known |= UNREFUSED_WRITES[LinkNoteStore]
    operations = set(operations_of(protocol))
    reads = {name for name in operations if name.startswith(_READS)} | _OTHERS
    assert operations - reads == set(known)


def test_each_protocol_of_the_stores_is_in_the_table() -> None:
    """`CopyStore` is not: only the command writes a copy."""
    folder = Path(inspect.getfile(Store)).parent
    named = {file.stem for file in folder.glob("*.py")} - {
        "__init__",
        "copying",
        "damage",
        "positions",
    }
    assert named == {protocol.__module__.rpartition(".")[2] for protocol in _PROTOCOLS}


@pytest.mark.parametrize("protocol", WRITES, ids=lambda one: one.__name__)
def test_the_keys_of_a_write_take_its_arguments(protocol: type) -> None:
    for name, keys in {**WRITES[protocol], **UNREFUSED_WRITES.get(protocol, {})}.items():
        parameters = list(inspect.signature(getattr(protocol, name)).parameters.values())[1:]
        positional = [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]
        named = {one.name: one.name for one in parameters if one.kind is one.KEYWORD_ONLY}
        inspect.signature(keys).bind(*positional, **named)


def test_a_user_id_may_contain_the_separator() -> None:
    assert parts_of(key_of("person", "a/b")) == ("person", "a/b")
