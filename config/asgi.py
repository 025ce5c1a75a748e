"""The ASGI application: `uvicorn config.asgi:application` or `daphne config.asgi:application`.

Importing this module builds the instance of the process and prepares the process for serving.
"""

import gc
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
gc.disable()  # until everything is imported: the collector would find no garbage in that

import django  # noqa: E402

django.setup(set_prefix=False)

import structlog  # noqa: E402
from django.core.checks import run_checks  # noqa: E402
from django.core.management.base import SystemCheckError  # noqa: E402

from chat import checks  # noqa: E402
from config.application import Application  # noqa: E402
from config.servers.connection_bounds import raise_descriptor_limit  # noqa: E402
from config.servers.garbage_collection import Collecting  # noqa: E402
from messaging.instruments.tracing import start_configured_tracing  # noqa: E402
from messaging.runtime.instance import Instance  # noqa: E402

logger = structlog.get_logger(__name__)

found = run_checks(tags=[checks.TAG])
if wrong := [message for message in found if message.is_serious()]:
    raise SystemCheckError("\n".join(str(message) for message in wrong))
for message in found:
    logger.warning("settings.doubtful", check=message.id, detail=message.msg, hint=message.hint)

start_configured_tracing()
collecting = Collecting()
application = Application(Instance(), collecting=collecting)
collecting.start()
gc.enable()
raise_descriptor_limit()
if "daphne.server" in sys.modules:  # daphne has imported this module
    from config.servers import daphne

    daphne.install()
