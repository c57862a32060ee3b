"""One file that holds a whole server: its ledger, its files, and mostly its secret."""

from anomed_core.service.backup.backing_up import BackedUp, back_up
from anomed_core.service.backup.restoring import Restored, restore

__all__ = ["BackedUp", "Restored", "back_up", "restore"]
