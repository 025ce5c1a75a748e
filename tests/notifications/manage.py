"""`python -m tests.notifications.manage …`: manage.py, with FCM on the loopback address."""

import os
import sys

from django.core.management import execute_from_command_line

from tests.notifications.fcm_server import redirect_from_environment

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    redirect_from_environment()
    execute_from_command_line(sys.argv)
