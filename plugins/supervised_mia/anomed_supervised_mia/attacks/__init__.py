"""Membership-inference attacks, one family: fit on members and non-members, then score."""

from anomed_supervised_mia.attacks.signals import Signals

__all__ = ["Signals"]
