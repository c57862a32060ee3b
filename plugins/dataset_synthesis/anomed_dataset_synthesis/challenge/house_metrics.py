"""What the house's own attacks find out: higher is worse for the table."""

from typing import Any

from anomed_core import Direction, Metric
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.metrics import (
    FPR_NAMES,
    column_slugs,
    guess_metrics,
    risk_metric,
)

CLAIM_PREFIX, DIAGNOSTICS_PREFIX = "claim.", "diagnostics."

_MEMBERSHIP_ATTACKS = ("exact match", "distance ratio", "density ratio, single columns")
_PAIRS = "density ratio, pairs of columns"
_COMBINATIONS = "combinations of columns"


def name_prefix(*parts: str) -> str:
    """Return what the names of an attack's metrics begin with.

    Examples
    --------
    >>> name_prefix("density ratio, single columns", "all targets")
    'density_ratio_single_columns.all_targets.'
    """
    return "".join(f"{part.replace(', ', '_').replace(' ', '_')}." for part in parts)


def panel_declared(arena: Arena) -> list[Metric]:
    """Declare what the panel finds out, its test of the claim and the diagnostics among it."""
    columns = arena.codebook.names
    slugs = column_slugs(columns)
    attacks = [*_MEMBERSHIP_ATTACKS, *([_PAIRS] if len(columns) > 1 else [])]
    declared = [risk_metric()]
    for attack in attacks:
        declared += _membership(name_prefix(attack, "all targets"), "all targets")
        declared += _membership(name_prefix(attack, "outliers"), "outliers", optional=True)
    for secret in arena.config.secrets:
        prefix = name_prefix("nearest neighbour", slugs[secret])
        declared += guess_metrics(prefix, f"the nearest neighbour's {secret} is right")
    for measure in [*columns, _COMBINATIONS]:
        prefix = name_prefix("singling out", slugs.get(measure, measure))
        event = f"a predicate about {measure} is true of exactly one record"
        declared += guess_metrics(prefix, event, optional=True)
    return [*declared, *_diagnostics(), *claim_declared(CLAIM_PREFIX, optional=True)]


def linkage_declared() -> list[Metric]:
    """Declare what linking through the nearest synthetic record finds out."""
    return [risk_metric(), *guess_metrics("", "a left half is linked with its right half")]


def claim_declared(prefix: str = "", *, optional: bool = False) -> list[Metric]:
    """Declare what is found out about a claim; optional, where there need not be one."""

    def metric(name: str, definition: str, high: float = float("inf")) -> Metric:
        return Metric(
            name=f"{prefix}{name}",
            bounds=(0.0, high),
            optional=optional,
            definition=definition,
        )

    return [
        metric("epsilon", "The claimed epsilon."),
        metric("delta", "The claimed delta.", high=1.0),
        metric("epsilon_lower", "Largest epsilon that is proved, with 95% confidence."),
        metric("epsilon_provable", "What a perfect attack could have proved."),
        metric("refuted", "1 if epsilon_lower exceeds the claimed epsilon, else 0.", high=1.0),
    ]


def _membership(prefix: str, group: str, *, optional: bool = False) -> list[Metric]:
    """Declare a membership attack's figures; a group may be too small for any."""
    figures = {"auc": ("Area under the whole ROC curve, ties counting half", 0.5)} | {
        name: (f"TPR at an FPR of {rate:g}, ties at random", rate)
        for rate, name in FPR_NAMES.items()
    }
    declared = []
    for name, (definition, chance) in figures.items():
        for suffix, words, level in (
            ("", f"{definition}, for {group}.", chance),
            ("_low", "Lower end of its 95% interval.", None),
            ("_high", "Upper end of its 95% interval.", None),
            ("_null_high", "97.5% of worthless attacks stay below this.", None),
        ):
            declared.append(
                Metric(
                    name=f"{prefix}{name}{suffix}",
                    bounds=(0.0, 1.0),
                    chance=level,
                    optional=optional,
                    definition=words,
                )
            )
    return declared


def _diagnostics() -> list[Metric]:
    def metric(name: str, definition: str, **options: Any) -> Metric:
        given = {"bounds": (0.0, 1.0)} | options
        return Metric(name=f"{DIAGNOSTICS_PREFIX}{name}", definition=definition, **given)

    near = "5% quantile of the ratio of distances to the nearest and the second nearest {} record."
    return [
        metric(
            "dcr_share",
            "Share of synthetic records nearer to the training than to the control table, ties "
            "counting half.",
            chance=0.5,
        ),
        metric("matches_training", "Share of synthetic records that equal a training record."),
        metric("matches_control", "Share of synthetic records that equal a control record."),
        metric("matches_background", "Share of synthetic records that equal a public record."),
        metric("real_matches", "Share of training records that equal a control or public one."),
        metric("nndr_training", near.format("training"), direction=Direction.LOWER),
        metric("nndr_control", near.format("control"), direction=Direction.LOWER),
        metric(
            "n_exact_records",
            "Training records that are in the synthetic and no other table.",
            bounds=(0.0, float("inf")),
        ),
        metric(
            "copies_training_records",
            "1 if more training than control records are in the synthetic and no other table "
            "(99.9% confidence), else 0.",
        ),
        metric(
            "copies_public_records",
            "1 if more synthetic records equal a control or public one than come about by "
            "themselves, else 0.",
        ),
        metric(
            "unique_matches",
            "Share of the unique training records that the synthetic table holds; missing if none "
            "is unique.",
            optional=True,
        ),
    ]
