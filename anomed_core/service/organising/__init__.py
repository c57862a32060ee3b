"""What organisers decide from their pages."""

from anomed_core.service.organising.actions import ACTIONS, Action
from anomed_core.service.organising.organiser import Done, Organising

__all__ = ["ACTIONS", "Action", "Done", "Organising"]
