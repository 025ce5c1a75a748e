"""`run.py [PORT]`: create the database of the site, and serve it."""

import os
import sys

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()
call_command("migrate", verbosity=0)
call_command("runserver", f"127.0.0.1:{(sys.argv[1:] or ['8100'])[0]}", "--noreload")
