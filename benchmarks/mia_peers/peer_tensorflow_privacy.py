"""TensorFlow Privacy's membership-inference attacks, as a worker of `compare.py`.

The last published wheel has none of them, so a checkout must be on the path. They need TensorFlow's
name only: importing the package's root is skipped as its own standalone scripts do.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from measure import N_CLASSES, run

sys.skip_tf_privacy_import = True

from tensorflow_privacy.privacy.privacy_tests.membership_inference_attack import (  # noqa: E402
    advanced_mia,
)
from tensorflow_privacy.privacy.privacy_tests.membership_inference_attack import (  # noqa: E402
    data_structures as data,
)
from tensorflow_privacy.privacy.privacy_tests.membership_inference_attack import (  # noqa: E402
    membership_inference_attack as attack,
)


def attacked(arrays: Mapping[str, Any], kind: data.AttackType) -> dict[str, Any]:
    np.random.seed(0)  # noqa: NPY002  # the library draws from the global generator
    given = data.AttackInputData(
        logits_train=arrays["logits"][0],
        logits_test=arrays["logits"][1],
        labels_train=arrays["labels"][0],
        labels_test=arrays["labels"][1],
    )
    slicing = data.SlicingSpec(entire_dataset=True, by_class=True)
    results = attack.run_attacks(given, slicing, attack_types=[kind]).single_attack_results
    by_slice = {result.slice_spec.value: result for result in results}
    ordered = [by_slice[value] for value in [None, *range(N_CLASSES)]]
    return {
        "auc": [result.get_auc() for result in ordered],
        "advantage": [result.get_attacker_advantage() for result in ordered],
    }


def likelihood_ratio(arrays: Mapping[str, Any]) -> dict[str, Any]:
    known, confidences = arrays["memberships"], arrays["confidences"]
    columns = range(known.shape[1])
    scores = advanced_mia.compute_score_lira(
        arrays["target"][:, None],
        [confidences[known[:, i], i][:, None] for i in columns],
        [confidences[~known[:, i], i][:, None] for i in columns],
        median_or_mean="mean",
    )
    # Its scores are smaller for members.
    return {"score": -np.asarray(scores)[:1000]}


if __name__ == "__main__":
    run(
        "checkout",
        {
            "loss threshold, all and 10 classes": lambda arrays: attacked(
                arrays, data.AttackType.THRESHOLD_ATTACK
            ),
            "loss threshold, audited with intervals": lambda arrays: attacked(
                arrays, data.AttackType.THRESHOLD_ATTACK
            ),
            "logistic regression, all and 10 classes": lambda arrays: attacked(
                arrays, data.AttackType.LOGISTIC_REGRESSION
            ),
            "likelihood ratio, 64 shadows": likelihood_ratio,
        },
    )
