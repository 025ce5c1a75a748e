"""The product's settings, without the record of statements that Django keeps with `DEBUG=1`: it
would look like memory that grows."""

from django.db.backends.base.base import BaseDatabaseWrapper

from config.settings import *  # noqa: F403

BaseDatabaseWrapper.queries_limit = 1
