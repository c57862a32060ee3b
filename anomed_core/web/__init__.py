"""The door: HTTP in, HTTP out, no rules."""

from anomed_core.web.app import CORE_ROUTES, create_web_app, mounted_challenges
from anomed_core.web.callers import caller_of
from anomed_core.web.logs import configure_logs
from anomed_core.web.openapi import openapi

__all__ = [
    "CORE_ROUTES",
    "caller_of",
    "configure_logs",
    "create_web_app",
    "mounted_challenges",
    "openapi",
]
