"""`manage.py asyncapi --file docs/asyncapi.yaml`: describe the frames of the socket."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from drf_spectacular.renderers import OpenApiYamlRenderer

from chat.socket.asyncapi import make


class Command(BaseCommand):
    help = "Writes the AsyncAPI document of the socket."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, required=True, help="the file to write")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        rendered = OpenApiYamlRenderer().render(make(), renderer_context={})  # type: ignore[no-untyped-call]
        file.write_bytes(rendered)
