"""Settings for tests: the product's own, with what a development machine has."""

import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("SECRET_KEY", "tests-only-and-long-enough-for-production-0123456789")
os.environ.setdefault("CHAT_AUTH", "dev")

from config.settings import *  # noqa: F403
from config.settings import DATABASES, INSTALLED_APPS

DEBUG = False
CHAT_RATE_LIMITS = False  # they have tests of their own
CHAT_SEARCH = "off"  # the same; it would read what other tests count
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
# A file, since the store reads and writes from threads of its own; in memory where that is large
# enough, since each test waits for the disk many times.
_MEMORY = Path("/dev/shm")
_large = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 1 << 30
_folder = tempfile.TemporaryDirectory(  # gone with the process
    prefix="chat-tests-", dir=_MEMORY if _large else None
)
DATABASES["default"]["TEST"] = {"NAME": str(Path(_folder.name) / "test.sqlite3")}
CHAT_FILES_DIR = str(Path(_folder.name) / "files")
INSTALLED_APPS.append("tests.emptying")  # its command `flush`
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
