"""The product's settings, with the one that follows from DEBUG and costs browsers most."""

from config.settings import *  # noqa: F403

SERVESTATIC_MAX_AGE = 60
"""As in production. With 0, each page asks for all of its static files again."""
