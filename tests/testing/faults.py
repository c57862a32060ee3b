# ruff: noqa: E501 - lines are quoted from the scaffold
"""Faults to plant in a copy of the scaffold: what is changed, who finds it, and how it is called.

A fault changes ``plugin.py`` by replacing text; text that is not there fails the test.
"""

from collections.abc import Iterator

import attrs

EVALUATION = '    return {"mae": np.abs(submission.payload["prediction"] - truth).mean()}\n'

EXTRA_ROUTE = '''

class Again:
    """Scores whatever it is sent."""

    def __init__(self, challenge):
        self.challenge = challenge

    def on_post(self, req, resp):
        import io

        body = io.BytesIO(req.bounded_stream.read())
        prediction = np.load(body)["prediction"]
        truth = self.challenge.definition[req.get_param("data_split") + " y"]
        resp.media = {"error": float(np.abs(prediction - truth).mean())}


@hookimpl
def anomed_extra_routes(challenge: Challenge) -> dict[str, object]:
    """Mount one's own resource."""
    return {"PATH": Again(challenge)}
'''


@attrs.frozen(kw_only=True)
class Fault:
    """A fault.

    Attributes
    ----------
    name
        What it is, as the name of a type.
    replaced, by
        Text of the plugin.
    check
        Which check finds it.
    message
        What its message holds.
    """

    name: str
    replaced: str
    by: str
    check: str
    message: str

    def __str__(self) -> str:
        return self.name


def faults() -> Iterator[Fault]:
    """Yield every fault that the kit must name."""
    yield Fault(
        name="leaking-number",
        replaced="""    if submission.kind == "anonymizer" and (submission.payload["prediction"] < 0).any():
        raise SubmissionRejected("Some incomes are negative; send numbers from 0 up.")
""",
        by="""    if submission.kind == "anonymizer" and (submission.payload["prediction"] < 0).any():
        truth = challenge.definition[f"{submission.split} y"]
        raise SubmissionRejected(f"Negative incomes; the first one is {truth[0]:.3f}.")
""",
        check="messages-tell-no-truth",
        message="of the ground truth: 'Negative incomes; the first one is",
    )
    yield Fault(
        name="leaking-labels",
        replaced="""    if submission.kind == "anonymizer" and""",
        by="""    if submission.kind == "deanonymizer" and submission.payload["prediction"].all():
        ill = np.flatnonzero(_illnesses(challenge, submission.split))
        raise SubmissionRejected(f"Not everybody is ill; only {ill.tolist()} are.")
    if submission.kind == "anonymizer" and""",
        check="messages-tell-no-truth",
        message="depends on the ground truth or on secret draws: 'Not everybody is ill",
    )
    yield Fault(
        name="undeclared-metric",
        replaced=EVALUATION,
        by=EVALUATION.replace("}\n", ', "rmse": 1.0}\n'),
        check="constant-input-scored",
        message="missing [], undeclared ['rmse']",
    )
    yield Fault(
        name="nan-on-constant-input",
        replaced=EVALUATION,
        by="""    prediction = submission.payload["prediction"]
    with np.errstate(all="ignore"):
        spread = prediction.std() / prediction.std()
    return {"mae": np.abs(prediction - truth).mean() * spread}
""",
        check="constant-input-scored",
        message="constant input (ones): anomed_evaluate_utility: mae must be finite and within",
    )
    yield Fault(
        name="global-random-state",
        replaced=EVALUATION,
        by="""    drawn = np.random.choice(len(truth), 30)
    return {"mae": np.abs(submission.payload["prediction"] - truth)[drawn].mean()}
""",
        check="evaluation-is-deterministic",
        message="anomed_evaluate_utility depends on global random state",
    )
    yield Fault(
        name="seeding-globally",
        replaced=EVALUATION,
        by=f"    np.random.seed(0)\n{EVALUATION}",
        check="inputs-unchanged",
        message="anomed_evaluate_utility uses the global random state of numpy.random",
    )
    yield Fault(
        name="input-mutated-in-place",
        replaced=EVALUATION,
        by="""    prediction = submission.payload["prediction"]
    prediction -= truth
    return {"mae": np.abs(prediction).mean()}
""",
        check="inputs-unchanged",
        message="changes its input submission.payload['prediction'] in place",
    )
    yield Fault(
        name="slow-import",
        replaced="ANOMED_API = 1",
        by="import time\n\ntime.sleep(1.5)\nANOMED_API = 1",
        check="announced-cheaply",
        message="it is a slow import",
    )
    yield Fault(
        name="heavy-import",
        replaced="import numpy as np\n",
        by="import numpy as np\nimport sklearn.metrics\n",
        check="announced-cheaply",
        message="announcing the type imports sklearn",
    )
    yield Fault(
        name="misspelled-hook",
        replaced="def anomed_validate_submission(",
        by="def anomed_validate_submissions(",
        check="loads",
        message="there is no hook 'anomed_validate_submissions'; did you mean",
    )
    yield Fault(
        name="wrong-api-number",
        replaced="ANOMED_API = 1",
        by="ANOMED_API = 2",
        check="loads",
        message="sets ANOMED_API = 2; this release speaks API 1",
    )
    yield Fault(
        name="duplicate-route",
        replaced='path="/data/deanonymizer/people"',
        by='path="/data/anonymizer/training"',
        check="opens",
        message="the route /data/anonymizer/training is claimed twice",
    )
    yield Fault(
        name="duplicate-extra-route",
        replaced="\n\ndef _illnesses(",
        by=EXTRA_ROUTE.replace("PATH", "/utility/anonymizer") + "\n\ndef _illnesses(",
        check="opens",
        message="the route /utility/anonymizer is claimed twice: by submission kind 'anonymizer'",
    )
    yield Fault(
        name="truth-in-a-product",
        replaced='if part == "training" else ("X",)',
        by='if part == "training" else ("X", "y")',
        check="no-truth-of-validation",
        message="the data product /data/anonymizer/validation  holds the ground truth of anonymi",
    )
    yield Fault(
        name="negated-truth-in-a-product",
        replaced="""    return {a.name: challenge.definition[f"{part} {a.name}"] for a in product.schema.arrays}
""",
        by="""    given = {a.name: challenge.definition[f"{part} {a.name}"] for a in product.schema.arrays}
    if "people" in product.path:
        half = len(given["X"]) // 2
        healthy = ~challenge.definition["training secret"][half:]
        given["X"] = np.array(given["X"])
        given["X"][half:, 1] = healthy
    return given
""",
        check="no-truth-of-validation",
        message="/data/deanonymizer/people  holds the ground truth of deanonymizer (validation)",
    )
    yield Fault(
        name="non-deterministic-evaluation",
        replaced=EVALUATION,
        by="""    noise = np.random.default_rng().normal()
    return {"mae": np.abs(submission.payload["prediction"] - truth).mean() + abs(noise)}
""",
        check="evaluation-is-deterministic",
        message="anomed_evaluate_utility is not deterministic: mae is",
    )
    yield Fault(
        name="differs-between-processes",
        replaced=EVALUATION,
        by=EVALUATION.replace(".mean()", '.mean() + abs(hash("a")) % 1000'),
        check="several-workers-agree",
        message="in another process, the metrics of anonymizer (tuning), baseline 'true incomes'",
    )
    yield Fault(
        name="final-repeated",
        replaced="\n\ndef _illnesses(",
        by=EXTRA_ROUTE.replace("PATH", "/utility/again") + "\n\ndef _illnesses(",
        check="finals-scored-once",
        message="the extra route POST /utility/again scores a final that has been scored before",
    )
    yield Fault(
        name="kept-globally",
        replaced=EVALUATION,
        by="""    _SEEN.add(challenge.id)
    return {"mae": np.abs(submission.payload["prediction"] - truth).mean() + len(_SEEN)}


_SEEN: set[str] = set()
""",
        check="independent-of-other-plugins",
        message="beside another challenge of its type, the metrics of anonymizer (tuning)",
    )
    yield Fault(
        name="worse-than-trivial",
        replaced='direction="lower"',
        by='direction="higher"',
        check="baselines-hold",
        message="is perfect but scores mae = 0, worse than the trivial 'no income'",
    )
    yield Fault(
        name="invalid-is-scored",
        replaced='(submission.payload["prediction"] < 0).any()',
        by="False",
        check="baselines-hold",
        message="baseline 'negative incomes' is invalid, but it was scored",
    )
    yield Fault(
        name="refused-too-late",
        replaced=EVALUATION,
        by=f"""    if (submission.payload["prediction"] == 1.0).all():
        raise SubmissionRejected("All incomes are one.")
{EVALUATION}""",
        check="constant-input-scored",
        message="refuse it in anomed_validate_submission",
    )
    yield Fault(
        name="overflowing",
        replaced="""            low=-_HIGHEST_INCOME,
            high=_HIGHEST_INCOME,
""",
        by="",
        check="hostile-uploads-survived",
        message="1e+308 everywhere was answered with 503",
    )
    yield Fault(
        name="product-as-not-declared",
        replaced='challenge.definition[f"{part} {a.name}"] for',
        by='challenge.definition[f"{part} {a.name}"].astype("f4") for',
        check="products-as-declared",
        message="/data/anonymizer/training declares 'X' as float64 of shape",
    )
    yield Fault(
        name="undescribed",
        replaced='            description="Predicted incomes.",\n',
        by="",
        check="described",
        message="no description: submission kind anonymizer",
    )
    yield Fault(
        name="unseeded-dummy-data",
        replaced="\n\ndef _illnesses(",
        by='''

@hookimpl
def anomed_dummy_data(product: DataProduct, seed: int) -> dict[str, np.ndarray]:
    """Make dummy data."""
    rng = np.random.default_rng()
    return {a.name: rng.random(a.shape).astype(a.dtype) for a in product.schema.arrays}


def _illnesses(''',
        check="dummy-data-fits",
        message="equal seeds give different data",
    )
