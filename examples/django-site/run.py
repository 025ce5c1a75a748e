"""`run.py [PORT]`: create the database of the site, and serve it. `run.py createsuperuser`: create
an account for a member of the support."""

import os
import sys

import django
from django.core.management import call_command, execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()
call_command("migrate", verbosity=0)
first, *more = sys.argv[1:] or ["8100"]
if first.isdecimal():
    call_command("runserver", f"127.0.0.1:{first}", "--noreload")
else:
    execute_from_command_line([sys.argv[0], first, *more])
