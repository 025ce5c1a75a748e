"""The environment, read once. Every name and default is part of the public contract."""

import os
import platform

import environ

env = environ.Env()

DEBUG: bool = env.bool("DEBUG", default=False)
SECRET_KEY: str = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
ALLOWED_ORIGINS: list[str] = env.list("ALLOWED_ORIGINS", default=[])

DATABASE_URL: str = env.str("DATABASE_URL", default="sqlite:///db.sqlite3")
CHAT_STORE: str = env.str("CHAT_STORE", default="sql")
GOOGLE_CLOUD_PROJECT: str = env.str("GOOGLE_CLOUD_PROJECT", default="")
REDIS_URL: str = env.str("REDIS_URL", default="")
REDIS_SENTINELS: list[str] = env.list("REDIS_SENTINELS", default=[])
REDIS_SENTINEL_MASTER: str = env.str("REDIS_SENTINEL_MASTER", default="")

CHAT_AUTH: str = env.str("CHAT_AUTH", default="firebase")
FIREBASE_AUTH_EMULATOR_HOST: str = env.str("FIREBASE_AUTH_EMULATOR_HOST", default="")
NOTIFICATION_QUEUE_URL: str = env.str("NOTIFICATION_QUEUE_URL", default="")
PUSH_BACKEND: str = env.str("PUSH_BACKEND", default="log")
CHAT_RATE_LIMITS: bool = env.str("CHAT_RATE_LIMITS", default="on").lower() not in ("off", "0")
CHAT_DEMO: bool = env.bool("CHAT_DEMO", default=False)

LOG_FORMAT: str = env.str("LOG_FORMAT", default="console" if DEBUG else "json")
LOG_LEVEL: str = env.str("LOG_LEVEL", default="info").upper()

INSTANCE_ID: str = env.str("INSTANCE_ID", default="") or f"{platform.node()}-{os.getpid()}"
