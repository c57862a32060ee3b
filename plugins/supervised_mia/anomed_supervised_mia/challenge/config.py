"""What an organiser decides about a supervised-MIA challenge."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class DataSettings:
    """Table ``data``: one source that is split, or one source for each part.

    Attributes
    ----------
    source
        ``scheme:reference`` of all records, such as ``sklearn:iris`` or ``npz:data.npz``.
    split
        Shares of training, tuning and validation records, and of separate non-members as an
        optional fourth; they add up to at most 1.
    seed
        Makes the split reproducible, and known to everyone who knows the seed; without it, the
        server's secret decides.
    training, tuning, validation
        Sources of the parts, instead of `source`, `split` and `seed`.
    non_members
        Source of separate non-members: beside the other parts, or beside `source` with a split of
        three shares. Without any, the validation records are the non-members, and half of them
        are handed out with their targets.
    target
        Column with the targets, if the sources are tables.
    X, y
        Names of the arrays, if the sources are arrays; not beside `target`.
    """

    source: str = ""
    split: tuple[float, ...] = (0.7, 0.15, 0.15)
    seed: int | None = None
    training: str = ""
    tuning: str = ""
    validation: str = ""
    non_members: str = ""
    target: str = ""
    X: str = "X"
    y: str = "y"

    def __attrs_post_init__(self) -> None:
        parts = [self.training, self.tuning, self.validation]
        if bool(self.source) == any(parts):
            raise ValueError(
                "give either source, or training and tuning and validation (and non_members)"
            )
        if any(parts) and not all(parts):
            raise ValueError("training, tuning and validation are all needed")
        if len(self.split) not in {3, 4} or min(self.split) <= 0 or sum(self.split) > 1 + 1e-9:
            raise ValueError(
                f"split must be three or four positive shares that add up to at most 1, "
                f"got {list(self.split)}"
            )
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        """Refuse settings that another one would silently overrule."""
        given = {
            field.name
            for field in attrs.fields(type(self))
            if getattr(self, field.name) != field.default
        }
        unused = given & {"split", "seed"}
        if not self.source and unused:
            raise ValueError(
                f"training, tuning and validation are not split, but {' and '.join(sorted(unused))}"
                " came; leave it out, or give one source"
            )
        if self.non_members and len(self.split) == 4:
            raise ValueError(
                "non_members came beside a split with a fourth share, which is non-members too; "
                "leave out one of them"
            )
        unused = given & {"X", "y"}
        if self.target and unused:
            raise ValueError(
                f"target, a column of a table, came beside {' and '.join(sorted(unused))} for "
                "arrays; give target for tables, X and y for arrays"
            )


def _attack_metrics(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    allowed = ("acc", "tpr", "auc", "tpr_at_fpr_0.001", "tpr_at_fpr_0.01", "tpr_at_fpr_0.1")
    if value not in allowed:
        raise ValueError(f"{attribute.name} must be one of {', '.join(allowed)}, got {value!r}")


@attrs.frozen(kw_only=True)
class SupervisedMIAConfig:
    """Options of a supervised-MIA challenge in the configuration.

    Attributes
    ----------
    data
        Where the records come from.
    mia_evaluation_dataset_length
        Number of members, and also of non-members, that an attack is evaluated on; at least 100 if
        there are enough records.
    utility
        Names of metrics, or ``module:function`` of one's own; the first one ranks. Empty takes
        ``accuracy`` for labels and ``mae`` for numbers.
    rank_attacks_by
        Metric that ranks attacks.
    least_utility
        Value of the first utility metric that an anonymizer must reach to be ranked by its privacy,
        or stay below, where lower is better. Without it: a tenth of the way from the best constant
        prediction to a perfect one, on the training records.
    audit_hosts
        Hosts (``host`` for ports 80 and 443, ``host:port``, or ``host:*`` for any port) at which
        participants may register the ``/predict`` of their anonymizer, as ``predict_url`` of their
        final, so that the house attacks it; none by default, since the server sends requests there.
    queries
        Records that each deanonymizer may ask each of these anonymizers' models about, through the
        server (the operation ``predict``); none by default. Without `audit_hosts` there is nobody
        to ask.
    """

    data: DataSettings
    mia_evaluation_dataset_length: int = attrs.field(default=100, validator=attrs.validators.ge(1))
    utility: tuple[str, ...] = ()
    rank_attacks_by: str = attrs.field(default="auc", validator=_attack_metrics)
    least_utility: float | None = attrs.field(default=None, metadata={"fingerprint": False})
    audit_hosts: tuple[str, ...] = attrs.field(default=(), metadata={"fingerprint": False})
    queries: int = attrs.field(
        default=0, validator=attrs.validators.ge(0), metadata={"fingerprint": False}
    )

    def __attrs_post_init__(self) -> None:
        if self.queries and not self.audit_hosts:
            raise ValueError(
                f"queries is {self.queries}, but audit_hosts permits no host whose model could be "
                "asked; list one, or leave queries away"
            )
