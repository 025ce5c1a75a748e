"""The product's settings with shorter times, for processes of tests that wait for them."""

import json
import os

from config.settings import *  # noqa: F403

CHAT_NOTIFICATIONS = json.loads(os.environ.get("TEST_NOTIFICATIONS", "{}"))
CHAT_WEBHOOKS = json.loads(os.environ.get("TEST_WEBHOOKS", "{}"))
