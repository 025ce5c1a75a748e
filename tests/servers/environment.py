"""The environment of instances that tests start."""

from pathlib import Path

from config.development.instances import development_environment


def isolated_environment(folder: Path, **settings: str) -> dict[str, str]:
    """The product's own settings, whatever the test run has set for itself."""
    return development_environment(
        **{
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"sqlite:///{folder / 'chat.sqlite3'}",
            "CHAT_STORE": "sql",
            "REDIS_URL": "",
            "CHAT_FILES_DIR": str(folder / "files"),
            "CHAT_RATE_LIMITS": "off",
            **settings,
        }
    )
