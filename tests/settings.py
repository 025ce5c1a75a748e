"""Settings for tests: the product's own, with what a development machine has."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("SECRET_KEY", "tests-only-and-long-enough-for-production-0123456789")
os.environ.setdefault("CHAT_AUTH", "dev")

from config.settings import *  # noqa: F403
from config.settings import DATABASES, INSTALLED_APPS
from tests.memory import memory_folder

DEBUG = False
CHAT_RATE_LIMITS = False  # they have tests of their own
CHAT_SEARCH = "off"  # the same; it would read what other tests count
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
# A file, since the store reads and writes from threads of its own. It is gone with the process.
_folder = tempfile.TemporaryDirectory(prefix="chat-tests-", dir=memory_folder(gib=1))
DATABASES["default"]["TEST"] = {"NAME": str(Path(_folder.name) / "test.sqlite3")}
CHAT_FILES_DIR = str(Path(_folder.name) / "files")
INSTALLED_APPS.append("tests.emptying")  # its command `flush`
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
