# ruff: noqa: E501 - lines are quoted from the scaffold
"""Faults to plant in a copy of the scaffold: what is changed, who finds it, and how it is called.

A fault changes ``plugin.py`` by replacing text; text that is not there fails the test.
"""

from collections.abc import Iterator

import attrs

VALIDATION = "\n\n@anomed.hookimpl\ndef anomed_validate_submission("
"""Where hooks are added to the scaffold."""

EVALUATION = '''

@anomed.hookimpl
def anomed_evaluate_utility(challenge, submission):
    """Score incomes otherwise than the declared measure does."""
    truth = challenge.definition[f"{submission.split} y"]
    return {"mae": np.abs(submission.payload["prediction"] - truth).mean()}
'''

MEASURED = EVALUATION.splitlines(keepends=True)[-1]


def scored(lines: str) -> str:
    """Return a hook that ends with other lines, before the one that validates."""
    return EVALUATION.replace(MEASURED, lines) + VALIDATION


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


@anomed.hookimpl
def anomed_extra_routes(challenge):
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
        raise anomed.SubmissionRejected("Some incomes are negative; send numbers from 0 up.")
""",
        by="""    if submission.kind == "anonymizer" and (submission.payload["prediction"] < 0).any():
        truth = challenge.definition[f"{submission.split} y"]
        raise anomed.SubmissionRejected(f"Negative incomes; the first one is {truth[0]:.3f}.")
""",
        check="messages-tell-no-truth",
        message="of the ground truth: 'Negative incomes; the first one is",
    )
    yield Fault(
        name="leaking-labels",
        replaced="""    if submission.kind == "anonymizer" and""",
        by="""    if submission.kind == "deanonymizer" and submission.payload["prediction"].all():
        ill = np.flatnonzero(challenge.definition[f"{submission.split} X"][:, 2])
        raise anomed.SubmissionRejected(f"Not everybody is ill; only {ill.tolist()} are.")
    if submission.kind == "anonymizer" and""",
        check="messages-tell-no-truth",
        message="depends on the ground truth or on secret draws: 'Not everybody is ill",
    )
    yield Fault(
        name="undeclared-metric",
        replaced=VALIDATION,
        by=scored(MEASURED.replace("}\n", ', "rmse": 1.0}\n')),
        check="constant-input-scored",
        message="missing [], undeclared ['rmse']",
    )
    yield Fault(
        name="nan-on-constant-input",
        replaced=VALIDATION,
        by=scored("""    prediction = submission.payload["prediction"]
    with np.errstate(all="ignore"):
        spread = prediction.std() / prediction.std()
    return {"mae": np.abs(prediction - truth).mean() * spread}
"""),
        check="constant-input-scored",
        message="constant input (ones): anomed_evaluate_utility: mae must be finite and within",
    )
    yield Fault(
        name="global-random-state",
        replaced=VALIDATION,
        by=scored("""    drawn = np.random.choice(len(truth), 30)
    return {"mae": np.abs(submission.payload["prediction"] - truth)[drawn].mean()}
"""),
        check="evaluation-is-deterministic",
        message="anomed_evaluate_utility depends on global random state",
    )
    yield Fault(
        name="seeding-globally",
        replaced=VALIDATION,
        by=scored(f"    np.random.seed(0)\n{MEASURED}"),
        check="inputs-unchanged",
        message="anomed_evaluate_utility uses the global random state of numpy.random",
    )
    yield Fault(
        name="input-mutated-in-place",
        replaced=VALIDATION,
        by=scored("""    prediction = submission.payload["prediction"]
    prediction -= truth
    return {"mae": np.abs(prediction).mean()}
"""),
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
        replaced='path="/data/deanonymizer/published"',
        by='path="/data/anonymizer/training"',
        check="opens",
        message="the route /data/anonymizer/training is claimed twice",
    )
    yield Fault(
        name="duplicate-extra-route",
        replaced=VALIDATION,
        by=EXTRA_ROUTE.replace("PATH", "/utility/anonymizer") + VALIDATION,
        check="opens",
        message="the route /utility/anonymizer is claimed twice: by submission kind 'anonymizer'",
    )
    yield Fault(
        name="truth-in-a-product",
        replaced='    parts["training"]["y"] = data["training y"]\n',
        by='    for part, arrays in parts.items():\n        arrays["y"] = data[f"{part} y"]\n',
        check="no-truth-of-validation",
        message="the data product /data/anonymizer/validation holds the ground truth of anonymi",
    )
    yield Fault(
        name="negated-truth-in-a-product",
        replaced='{"X": data[f"{request.split} X"][:, :2], "prediction": prediction}',
        by='{"X": 1.0 - data[f"{request.split} X"][:, 1:], "prediction": prediction}',
        check="no-truth-of-validation",
        message="holds the ground truth of deanonymizer (validation)",
    )
    yield Fault(
        name="non-deterministic-evaluation",
        replaced=VALIDATION,
        by=scored("""    noise = np.random.default_rng().normal()
    return {"mae": np.abs(submission.payload["prediction"] - truth).mean() + abs(noise)}
"""),
        check="evaluation-is-deterministic",
        message="anomed_evaluate_utility is not deterministic: mae is",
    )
    yield Fault(
        name="differs-between-processes",
        replaced=VALIDATION,
        by=scored(MEASURED.replace(".mean()", '.mean() + abs(hash("a")) % 1000')),
        check="several-workers-agree",
        message="in another process, the metrics of anonymizer (tuning), baseline 'perfect anonymizer'",
    )
    yield Fault(
        name="final-repeated",
        replaced=VALIDATION,
        by=EXTRA_ROUTE.replace("PATH", "/utility/again") + VALIDATION,
        check="finals-scored-once",
        message="the extra route POST /utility/again scores a final that has been scored before",
    )
    yield Fault(
        name="kept-globally",
        replaced=VALIDATION,
        by=scored("""    _SEEN.add(challenge.id)
    return {"mae": np.abs(submission.payload["prediction"] - truth).mean() + len(_SEEN)}


_SEEN: set[str] = set()
"""),
        check="independent-of-other-plugins",
        message="beside another challenge of its type, the metrics of anonymizer (tuning)",
    )
    yield Fault(
        name="worse-than-trivial",
        replaced='direction="lower"',
        by='direction="higher"',
        check="baselines-hold",
        message="is perfect but scores mae = 0, worse than the trivial 'trivial anonymizer'",
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
        replaced=VALIDATION,
        by=scored(f"""    if (submission.payload["prediction"] == 1.0).all():
        raise anomed.SubmissionRejected("All incomes are one.")
{MEASURED}"""),
        check="constant-input-scored",
        message="refuse it in anomed_validate_submission",
    )
    yield Fault(
        name="overflowing",
        replaced="""            low=-1e6,
            high=1e6,
""",
        by="",
        check="hostile-uploads-survived",
        message="1e+308 everywhere was answered with 503",
    )
    yield Fault(
        name="product-as-not-declared",
        replaced='"prediction": prediction}',
        by='"prediction": prediction.astype(complex)}',
        check="products-as-declared",
        message="/data/deanonymizer/published declares 'prediction' as float64 of shape",
    )
    yield Fault(
        name="undescribed",
        replaced='description="Income of each person, in thousands a year."',
        by='description=""',
        check="described",
        message="no description: submission kind anonymizer",
    )
    yield Fault(
        name="unseeded-dummy-data",
        replaced=VALIDATION,
        by='''

@anomed.hookimpl
def anomed_dummy_data(product, seed):
    """Make dummy data."""
    rng = np.random.default_rng()
    return {a.name: rng.random(a.shape).astype(a.dtype) for a in product.schema.arrays}
'''
        + VALIDATION,
        check="dummy-data-fits",
        message="equal seeds give different data",
    )
    yield Fault(
        name="unmarked-hook",
        replaced="@anomed.hookimpl\ndef anomed_validate_submission(",
        by="def anomed_validate_submission(",
        check="loads",
        message="anomed_validate_submission is not marked as a hook",
    )
    yield Fault(
        name="oracle",
        replaced="""    if submission.kind == "anonymizer" and""",
        by="""    if submission.kind == "deanonymizer":
        ill = challenge.definition[f"{submission.split} X"][:, 2] == 1
        if not (submission.payload["prediction"] == ill).any():
            raise anomed.SubmissionRejected("Not a single one is right.")
    if submission.kind == "anonymizer" and""",
        check="refusals-tell-no-truth",
        message="is answered with 'Not a single one is right.', and with 'a score'",
    )
    yield Fault(
        name="seeded-in-the-code",
        replaced='context.lottery.generator("people")',
        by="np.random.default_rng(0)",
        check="drawn-by-the-secret",
        message="draw from context.lottery",
    )
