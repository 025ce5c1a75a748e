"""The store in use, which changes while people chat: `manage.py move_store` moves it."""
