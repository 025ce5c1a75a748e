"""REST, WebSocket and the admin. They act through `messaging.services`."""

from messaging.optional_libraries import hidden

# DRF's fields of PostgreSQL, its client for tests, its pages for browsers and its own schemas.
with hidden(
    *("django.contrib.postgres", "requests", "markdown", "pygments", "guardian", "docutils"),
    *("coreapi", "coreschema", "inflection", "uritemplate", "yaml"),
):
    import django.contrib.admindocs.utils  # noqa: F401
    import rest_framework.compat  # noqa: F401
