"""`python -m config.development.prepare`: check the settings, migrate, and create the first chats.

Settings come from the environment. For a wrong setting it prints the name and what to do, and exits
with status 1.
"""

import asyncio
import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        django.setup()
        call_command("check", tags=["chat"], verbosity=0)
        call_command("migrate", verbosity=0)
    except (ImproperlyConfigured, SystemCheckError) as error:
        print(error, file=sys.stderr)
        return 1
    except DatabaseError as error:
        print(f"The database in DATABASE_URL cannot be used: {error}", file=sys.stderr)
        return 1
    if settings.CHAT_DEMO and settings.CHAT_AUTH == "dev":
        from config.development.seed import seed  # noqa: PLC0415 - needs Django to be set up

        asyncio.run(seed())
    return 0


if __name__ == "__main__":
    sys.exit(main())
