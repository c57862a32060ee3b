"""Plans of Polars as OpenDP's methods make them: read without Polars, and interpreted."""

from anomed_dp_query.libraries.opendp.plans.model import Plan
from anomed_dp_query.libraries.opendp.plans.pricing import Shares, shares_of
from anomed_dp_query.libraries.opendp.plans.reading import read_plan
from anomed_dp_query.libraries.opendp.plans.running import run_plan

__all__ = ["Plan", "Shares", "read_plan", "run_plan", "shares_of"]
