"""Requests to Firestore: writes and queries."""

from collections.abc import Mapping, Sequence
from typing import Any

from google.cloud.firestore_v1 import types

from messaging.stores.firestore.values import (
    AtLeast,
    AtMost,
    write_fields,
    write_token,
    write_value,
)

_CommitRequest = types.CommitRequest.pb()
_BeginTransactionRequest = types.BeginTransactionRequest.pb()
_RollbackRequest = types.RollbackRequest.pb()
_BatchGetDocumentsRequest = types.BatchGetDocumentsRequest.pb()
_RunQueryRequest = types.RunQueryRequest.pb()
_RunAggregationQueryRequest = types.RunAggregationQueryRequest.pb()
_StructuredQuery = types.StructuredQuery.pb()
_REQUEST_TIME = types.DocumentTransform.pb().FieldTransform.REQUEST_TIME
_AND = _StructuredQuery.CompositeFilter.AND
_OPERATORS = {
    "==": _StructuredQuery.FieldFilter.EQUAL,
    "contains": _StructuredQuery.FieldFilter.ARRAY_CONTAINS,
    ">": _StructuredQuery.FieldFilter.GREATER_THAN,
    ">=": _StructuredQuery.FieldFilter.GREATER_THAN_OR_EQUAL,
    "<=": _StructuredQuery.FieldFilter.LESS_THAN_OR_EQUAL,
}
_DIRECTIONS = {"ascending": _StructuredQuery.ASCENDING, "descending": _StructuredQuery.DESCENDING}


class Database:
    """The names of a project's database and of the documents in it."""

    def __init__(self, project: str) -> None:
        self.name = f"projects/{project}/databases/(default)"
        self.root = f"{self.name}/documents"

    def document(self, *path: str) -> str:
        """Return the name of a document from collection, id, collection, id… Raises ValueError for
        an id with a slash, which would name another document."""
        if "/" in "".join(path):
            raise ValueError("An id must not contain a slash.")
        return "/".join((self.root, *path))


class Writes:
    """The writes of one commit: all are applied, or none."""

    def __init__(self, database: Database, *, transaction: bytes = b"") -> None:
        self.request = _CommitRequest(database=database.name, transaction=transaction)
        self.deletes = 0
        """How many of the writes delete a document."""

    def __len__(self) -> int:
        return len(self.request.writes)

    def create(self, name: str, fields: Mapping[str, Any]) -> None:
        """Create a document, which must not exist yet."""
        self._write(name, fields).current_document.exists = False

    def set(self, name: str, fields: Mapping[str, Any]) -> None:
        """Create or replace a document."""
        self._write(name, fields)

    def merge(self, name: str, fields: Mapping[str, Any]) -> None:
        """Create a document, or add these fields to it."""
        write = self._write(name, fields)
        write.update_mask.field_paths.extend(write.update.fields)

    def update(
        self, name: str, fields: Mapping[str, Any], mask: Sequence[str], *, token: int | None = None
    ) -> None:
        """Update a document, which must exist and, with a token, must not have changed since. The
        paths of the mask get their values from `fields`; paths without a value are removed."""
        write = self._write(name, fields)
        write.update_mask.SetInParent()  # without a mask the document would be replaced
        write.update_mask.field_paths.extend(mask)
        if token is None:
            write.current_document.exists = True
        else:
            write_token(write.current_document.update_time, token)

    def put(self, name: str, fields: Mapping[str, Any], mask: Sequence[str]) -> None:
        """Create a document, or set the fields of the mask; other fields stay unchanged."""
        self._write(name, fields).update_mask.field_paths.extend(mask)

    def delete(self, name: str, *, token: int | None = None) -> None:
        """Delete a document. With a token, it must exist and must not have changed since."""
        write = self.request.writes.add()
        write.delete = name
        self.deletes += 1
        if token is not None:
            write_token(write.current_document.update_time, token)

    def _write(self, name: str, fields: Mapping[str, Any]) -> Any:
        write = self.request.writes.add()
        write.update.name = name
        for path, value in write_fields(write.update.fields, fields):
            transform = write.update_transforms.add()
            transform.field_path = path
            if isinstance(value, AtLeast):
                transform.maximum.integer_value = value.number
            elif isinstance(value, AtMost):
                transform.minimum.integer_value = value.number
            else:
                transform.set_to_server_value = _REQUEST_TIME
        return write


def begin(database: Database, *, retried: bytes) -> Any:
    """Return the request to begin a transaction. `retried` is the previous attempt's transaction,
    or nothing."""
    request = _BeginTransactionRequest(database=database.name)
    request.options.read_write.retry_transaction = retried
    return request


def rollback(database: Database, transaction: bytes) -> Any:
    return _RollbackRequest(database=database.name, transaction=transaction)


def get(
    database: Database,
    names: Sequence[str],
    *,
    transaction: bytes = b"",
    only: Sequence[str] = (),
    at: Any | None = None,
) -> Any:
    """Return the request for documents. `only`: the fields to return, else all. `at`: the time of
    an earlier answer, to get the documents as they were then."""
    request = _BatchGetDocumentsRequest(database=database.name, documents=names)
    if only:  # an empty mask would return no field
        request.mask.field_paths.extend(only)
    if transaction:
        request.transaction = transaction
    if at is not None:
        request.read_time.CopyFrom(at)
    return request


def query(
    collection: str,
    *where: tuple[str, str, Any],
    order_by: Sequence[tuple[str, str]] = (),
    start_after: Sequence[Any] = (),
    limit: int | None = None,
    only: Sequence[str] = (),
    everywhere: bool = False,
) -> Any:
    """Return a query.

    `where`: field, operator, value, all of which must hold. `order_by`: field, direction.
    `start_after`: a value for each field of the order. `only`: the fields to return, else all.
    `everywhere`: in all collections of this name below the parent, at any depth.
    """
    structured = _StructuredQuery()
    for path in only:
        structured.select.fields.add().field_path = path
    source = structured.from_.add()
    source.collection_id, source.all_descendants = collection, everywhere
    for path, operator, value in where:
        part = structured.where
        if len(where) > 1:
            structured.where.composite_filter.op = _AND
            part = structured.where.composite_filter.filters.add()
        part.field_filter.field.field_path = path
        part.field_filter.op = _OPERATORS[operator]
        write_value(part.field_filter.value, value)
    for path, direction in order_by:
        order = structured.order_by.add()
        order.field.field_path = path
        order.direction = _DIRECTIONS[direction]
    for value in start_after:
        write_value(structured.start_at.values.add(), value)
    if limit is not None:
        structured.limit.value = limit
    return structured


def run(parent: str, structured: Any, *, at: Any | None = None) -> Any:
    """Return the request for a query. `at`: as of `get`."""
    return _RunQueryRequest(parent=parent, structured_query=structured, read_time=at)


def count(parent: str, structured: Any) -> Any:
    """Return a count query; the answer has the count under the alias `count`."""
    request = _RunAggregationQueryRequest(parent=parent)
    aggregation_query = request.structured_aggregation_query
    aggregation_query.structured_query.CopyFrom(structured)
    aggregation = aggregation_query.aggregations.add()
    aggregation.alias = "count"
    aggregation.count.SetInParent()
    return request
