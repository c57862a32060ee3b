"""The SQL ledger keeps the contract, on every database that it is made for."""

from collections.abc import Callable

import pytest

from anomed_core.ledger import Database, SqlLedger
from anomed_core.testing.ledger_contract import LedgerContract, OpenLedger


class TestSqlLedger(LedgerContract):
    @pytest.fixture
    def open_ledger(self, open_database: Callable[[], Database]) -> OpenLedger:
        return lambda clock: SqlLedger(open_database(), clock=clock)
