"""Django settings. `config.env` reads the environment; all other values are the same everywhere."""

import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from messaging.optional_libraries import hidden

# structlog's output for terminals, and its adapters.
with hidden("rich", "better_exceptions", "twisted", "greenlet"):
    import structlog  # noqa: F401

from config import env
from config.databases import database
from config.servers.connection_bounds import MAX_BODY_BYTES
from messaging.redis.hosts import find_redis, first_host

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.DEBUG
SECRET_KEY = env.SECRET_KEY
ALLOWED_HOSTS = env.ALLOWED_HOSTS
ALLOWED_ORIGINS = env.ALLOWED_ORIGINS

# Stores, services and keys
CHAT_STORE = env.CHAT_STORE
CHAT_UNKNOWN_VARIABLES = env.UNKNOWN
DATABASE_CONNECTIONS = env.DATABASE_CONNECTIONS
CHAT_AUTH = env.CHAT_AUTH
CHAT_DEMO = env.CHAT_DEMO
CHAT_DEMO_FIREBASE = env.CHAT_DEMO_FIREBASE
CHAT_RATE_LIMITS = env.CHAT_RATE_LIMITS
TRUSTED_PROXIES = env.TRUSTED_PROXIES
GOOGLE_CLOUD_PROJECT = env.GOOGLE_CLOUD_PROJECT
REDIS_URL = env.REDIS_URL
REDIS_SENTINELS = env.REDIS_SENTINELS
REDIS_SENTINEL_MASTER = env.REDIS_SENTINEL_MASTER
CHAT_LINK_KEYS = env.CHAT_LINK_KEYS
CHAT_LINK_SIGNATURES = env.CHAT_LINK_SIGNATURES
try:
    _HOSTS = find_redis(url=REDIS_URL, sentinels=REDIS_SENTINELS, master=REDIS_SENTINEL_MASTER)
except ValueError:
    _HOSTS = ()  # `chat.checks` then reports the error and stops the start
# The further addresses carry only events between instances. Everything else is on the first.
REDIS = first_host(_HOSTS)
MORE_REDIS = _HOSTS[1:]
CHAT_MAX_BEACONS = env.CHAT_MAX_BEACONS
INSTANCE_ID = env.INSTANCE_ID
NOTIFICATION_QUEUE_URL = env.NOTIFICATION_QUEUE_URL
PUSH_BACKEND = env.PUSH_BACKEND
CHAT_FILES = env.CHAT_FILES
CHAT_FILES_DIR = env.CHAT_FILES_DIR or str(BASE_DIR / "files")
CHAT_FILES_BUCKET = env.CHAT_FILES_BUCKET
CHAT_FILES_TYPES = env.CHAT_FILES_TYPES
CHAT_CLAMD = env.CHAT_CLAMD
CHAT_ERASURE_KEY = env.CHAT_ERASURE_KEY
CHAT_LOG_RETENTION_DAYS = env.CHAT_LOG_RETENTION_DAYS
CHAT_RETENTION_DIRECT_DAYS = env.CHAT_RETENTION_DIRECT_DAYS
CHAT_RETENTION_GROUP_DAYS = env.CHAT_RETENTION_GROUP_DAYS
CHAT_OUTBOUND_ALLOWED_NETWORKS = env.CHAT_OUTBOUND_ALLOWED_NETWORKS
CHAT_SEARCH = env.CHAT_SEARCH
CHAT_TRACES = env.CHAT_TRACES
FIREBASE_AUTH_EMULATOR_HOST = env.FIREBASE_AUTH_EMULATOR_HOST

INSTALLED_APPS = [
    # First, to replace `runserver`. Otherwise it would only import Twisted into each process.
    *(["daphne"] if "runserver" in sys.argv[1:] else []),
    "chat.admin_site.ChatAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "rest_framework",
    "servestatic",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "messaging",
    "chat",
]

# API requests pass only async middleware: a sync one costs a thread hop per request. The middleware
# for pages (admin) skips all other requests, see `chat.middleware`.
MIDDLEWARE = [
    "chat.middleware.RequestContextMiddleware",
    "chat.middleware.CrossOriginMiddleware",
    "chat.middleware.StaticMiddleware",
    "chat.middleware.UnknownPathMiddleware",
    "chat.middleware.SecurityMiddleware",
    "chat.middleware.SessionMiddleware",
    "chat.middleware.CommonMiddleware",
    "chat.middleware.CsrfViewMiddleware",
    "chat.middleware.AuthenticationMiddleware",
    "chat.middleware.MessageMiddleware",
    "chat.middleware.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database(env.DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if REDIS is not None:
    CHANNEL_LAYERS = {
        "default": {
            # Not RedisChannelLayer: its capacity of 100 drops silently, and a Redis restart
            # kills every consumer.
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                "hosts": [REDIS, *MORE_REDIS],
                "prefix": "chat",
                "serializer_format": "raw",
            },
        }
    }

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
SERVESTATIC_USE_FINDERS = DEBUG
SERVESTATIC_AUTOREFRESH = DEBUG

REST_FRAMEWORK = {
    # the async base view authenticates, see chat.rest.views.base
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["chat.payloads.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["chat.payloads.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "chat.rest.openapi.schema.AutoSchema",
    "EXCEPTION_HANDLER": "chat.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Chat",
    "VERSION": "1",
    "DESCRIPTION": "HTTP changes state, WebSocket shows it, a queue wakes the phone.",
    "LICENSE": {"name": "MIT", "url": "https://opensource.org/license/mit"},
    "SERVERS": [{"url": "/", "description": "The server of this document"}],
    "DEFAULT_GENERATOR_CLASS": "chat.rest.openapi.generator.Generator",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,  # a PATCH has required fields too
    "ENUM_NAME_OVERRIDES": {
        "KindEnum": ["direct", "group"],
        "MessageKindEnum": ["text", "system"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "chat.rest.openapi.schema.add_security_schemes",
        "chat.rest.openapi.schema.close_request_bodies",
        "chat.rest.openapi.examples.describe",
        "chat.rest.openapi.json_schema.use_json_schema",
    ],
}

CORS_ALLOWED_ORIGINS = ALLOWED_ORIGINS
if CHAT_AUTH == "dev" and DEBUG:
    # A frontend's development server has another origin.
    CORS_ALLOWED_ORIGIN_REGEXES = [r"^https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$"]
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = [
    *("Chat-Version", "Retry-After", "WWW-Authenticate", "X-Request-ID", "X-Search-Behind"),
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000  # sent over TLS only
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# These checks look for Django's own middleware by name; ours are subclasses (`chat.middleware`).
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003"]

LOGGING_CONFIG = "config.logs.configure"
LOGGING = {"format": env.LOG_FORMAT, "level": env.LOG_LEVEL}

if not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY to a long random string.")
