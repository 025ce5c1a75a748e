"""The REST API: its views, the shapes of its answers, and its OpenAPI document."""
