"""A converter for each product: it yields what an export has, with the places of the items."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from messaging.exchange.importing.converters import csv, matrix, mattermost, slack, stream
from messaging.exchange.importing.foreign import Found

Converter = Callable[[Path], Iterator[Found]]

CONVERTERS: Mapping[str, Converter] = {
    "csv": csv.convert_export,
    "matrix": matrix.convert_export,
    "mattermost": mattermost.convert_export,
    "slack": slack.convert_export,
    "stream": stream.convert_export,
}
"""By the name of the product."""
