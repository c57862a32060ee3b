"""What holds for every test of the repository."""

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

# Alembic runs these; nobody imports them.
collect_ignore = [
    str(path) for path in Path(__file__).parent.glob("anomed_core/ledger/migrations/**/*.py")
]

_QUIET = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("default", max_examples=40, **_QUIET)
settings.register_profile("thorough", max_examples=3000, **_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
