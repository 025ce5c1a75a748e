"""The application with one rule of delivery switched off: the one that `SABOTAGE` names."""

import os

from config.asgi import application
from tests.chaos.sabotage import SABOTAGES

__all__ = ["application"]

SABOTAGES[os.environ["SABOTAGE"]]()
