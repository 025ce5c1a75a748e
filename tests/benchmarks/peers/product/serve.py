"""`manage.py serve`, with one door of this harness: a socket that makes the instance create events.

The peers' small programs create events without storing them. Here a command on `/bench` does the
same: it passes new messages to the publisher, as the writer does after a commit.
"""

import os
import sys

from django.core.management import execute_from_command_line

from chat.serving import options

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    options.APPLICATION = "tests.benchmarks.peers.product.door:application"
    execute_from_command_line(["manage.py", "serve", *sys.argv[1:]])
