"""SQL with noise: a small grammar of our own in front of SmartNoise."""

from anomed_dp_query.libraries.sql.library import SmartNoiseSQL

__all__ = ["SmartNoiseSQL"]
