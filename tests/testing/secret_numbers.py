"""A sound type that answers questions: find out secret numbers before the questions are used up.

Each planted fault of operations is one replacement in this file.
"""

import attrs
import numpy as np

import anomed_core as anomed

ANOMED_API = 1
LARGEST = 1023
SPLIT = anomed.DATA_SPLIT


@attrs.frozen(kw_only=True)
class Config:
    """What an organiser decides: how many numbers there are, and how much may be asked."""

    n_numbers: int = 20
    n_questions: int = 60


def mean_error(truth, given):
    """Mean distance between a number and its guess."""
    return np.abs(truth - given).mean()


@anomed.hookimpl
def anomed_challenge_types():
    """Announce the type."""
    return [anomed.ChallengeType(name="secret-numbers", config_class=Config)]


@anomed.hookimpl
def anomed_create_challenge(config, context):
    """Draw the numbers of each split."""

    def draw():
        return {
            split.value: context.lottery.generator("numbers", split.value).integers(
                0, LARGEST, config.n_numbers, endpoint=True
            )
            for split in anomed.Split
        }

    return context.freeze("numbers", f"{config.n_numbers}", draw)


@anomed.hookimpl
def anomed_data_products(challenge):
    """Hand out the rules."""
    rules = {"n_numbers": challenge.config.n_numbers, "largest": LARGEST}
    return [
        anomed.DataProduct(
            path="/data/rules", audience="public", data=rules, description="How to play."
        )
    ]


@anomed.hookimpl
def anomed_operations(challenge):
    """Let players compare a number, or ask for the sum of several."""
    n_numbers = challenge.config.n_numbers
    questions = anomed.Account(
        name="questions",
        resources=[anomed.Resource(name="question", limit=challenge.config.n_questions)],
        description="Questions that a player may ask.",
    )
    place = {"type": "integer", "minimum": 0, "maximum": n_numbers - 1}
    comparison = {
        "type": "object",
        "required": ["place", "than"],
        "properties": {"place": place, "than": {"type": "integer"}},
        "examples": [{"place": 0, "than": 512}, {"place": 1, "than": 100}],
    }
    places = {"type": "array", "items": place, "minItems": 2, "maxItems": 5}

    def numbers(call):
        call.begin()
        return challenge.definition[call.split.value]

    def compare(call):
        """Tell whether the number at a place is larger than another one; costs a question."""
        return {"larger": bool(numbers(call)[call.payload["place"]] > call.payload["than"])}

    def add_up(call):
        """Tell the sum of the numbers at some places; costs as many questions."""
        return int(numbers(call)[call.payload].sum())

    def cost_of_sum(call):
        if len(set(call.payload)) < len(call.payload):
            raise anomed.CallRejected("The places are not all different; name each once.")
        return [anomed.Line(questions, "question", len(call.payload))]

    ask = {"audience": "anonymizer", "parameters": [SPLIT], "accounts": [questions]}
    one = [anomed.Line(questions, "question", 1)]
    return [
        anomed.Operation.of(
            compare, request=anomed.JSONSchema(schema=comparison), price=one, cheap=True, **ask
        ),
        anomed.Operation.of(
            add_up,
            request=anomed.JSONSchema(schema={**places, "examples": [[0, 1], [0, 1, 2, 3, 4]]}),
            price=cost_of_sum,
            **ask,
        ),
    ]


@anomed.hookimpl
def anomed_submission_kinds(challenge):
    """Take guesses; for the final, of those who ask nothing any more."""
    n_numbers = challenge.config.n_numbers
    return [
        anomed.SubmissionKind.of_array(
            "anonymizer",
            "float",
            shape=n_numbers,
            low=0,
            high=LARGEST,
            description="Guessed numbers, in their order.",
            metrics=[anomed.Metric.of(mean_error, direction="lower", bounds=(0, LARGEST))],
            perfect=lambda request: challenge.definition[request.split.value].astype(float),
            trivial=np.full(n_numbers, 512.0),
            requires_sealed="questions",
            cheap=True,
        )
    ]
