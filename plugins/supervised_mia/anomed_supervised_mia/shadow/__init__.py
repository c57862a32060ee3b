"""Shadow models: copies of a target, trained on known subsets of a pool of records."""

from anomed_supervised_mia.shadow.cache import ShadowCache
from anomed_supervised_mia.shadow.design import draw_memberships
from anomed_supervised_mia.shadow.training import ShadowProgress, train_shadows

__all__ = ["ShadowCache", "ShadowProgress", "draw_memberships", "train_shadows"]
