"""`manage.py asyncapi --file docs/asyncapi.yaml`: describe the frames of the socket."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chat.asyncapi.document import make
from chat.pages.published import rendered


class Command(BaseCommand):
    help = "Writes the AsyncAPI document of the socket."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, required=True, help="the file to write")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        file.write_bytes(rendered(make(), as_json=False).body)
