"""A sound type that is small: publish where people were, without telling who is who.

Each planted fault of `planted` is one replacement in this file.
"""

import attrs
import numpy as np

import anomed_core as anomed

ANOMED_API = 1
N_PEOPLE, N_VISITS, N_CELLS = 40, 3, 400
PARTS = ("tuning", "validation")


@attrs.frozen(kw_only=True)
class Config:
    """What an organiser decides: how far from home people go."""

    radius: int = 5


def trip_error(truth, given):
    """Mean distance between a visit and what is published of it, in cells."""
    return np.abs(truth - given).mean()


def heat_error(truth, given):
    """Total variation between the visits of all cells, and those that are published."""
    true_heat, given_heat = (np.bincount(c.ravel(), minlength=N_CELLS) for c in (truth, given))
    return np.abs(true_heat - given_heat).sum() / (2 * truth.size)


def top_1(truth, given):
    """Share of people whose first guess is right."""
    return (given[:, 0] == truth[:, 0]).mean()


def top_5(truth, given):
    """Share of people of whom one of five guesses is right."""
    return (given == truth[:, :1]).any(axis=1).mean()


def home_found(truth, given):
    """Share of people whose home is told to within a cell."""
    return (np.abs(given - truth) <= 1).mean()


@anomed.hookimpl
def anomed_challenge_types():
    """Announce the type."""
    return [anomed.ChallengeType(name="traces", config_class=Config)]


@anomed.hookimpl
def anomed_create_challenge(config, context):
    """Simulate other people for each part."""

    def simulate():
        arrays = {}
        for part in PARTS:
            rng = context.lottery.generator("people", part)
            home = rng.integers(config.radius, N_CELLS - config.radius, N_PEOPLE)
            walks = rng.integers(-config.radius, config.radius + 1, (2, N_PEOPLE, N_VISITS))
            arrays[f"{part} home"] = home
            arrays[f"{part} known"], arrays[f"{part} cells"] = home[:, None] + walks
        return arrays

    return context.freeze("people", simulate)


def order_of(challenge, request):
    """Draw in which order an anonymizer's traces are shown to attackers."""
    return challenge.lottery.permutation(
        N_PEOPLE, "order", request.split.value, request.anonymizer or ""
    )


@anomed.hookimpl
def anomed_data_products(challenge):
    """Give anonymizers the traces, and attackers earlier ones and those that are published."""
    data = challenge.definition

    def published(request):
        cells = request.target.submission.payload["cells"]
        return {"cells": cells[order_of(challenge, request)]}

    visits = anomed.Meaning(description="Visited cells, a row a person.", low=0, high=N_CELLS - 1)
    return [
        *anomed.DataProduct.of_parts(
            "/data/anonymizer",
            {part: {"cells": data[f"{part} cells"]} for part in PARTS},
            description="Traces to be published.",
            meanings={"cells": visits},
        ),
        *anomed.DataProduct.of_parts(
            "/data/deanonymizer",
            {part: {"cells": data[f"{part} known"]} for part in PARTS},
            description="Earlier traces of the same people.",
            meanings={"cells": visits},
        ),
        anomed.DataProduct(
            path="/data/deanonymizer/published",
            with_target=True,
            schema=anomed.ArraysSchema.of(cells=data["tuning cells"]).described(cells=visits),
            data=published,
            description="What an anonymizer published, in an order of its own.",
        ),
    ]


@anomed.hookimpl
def anomed_submission_kinds(challenge):
    """Take traces, and guesses whose they are and where those people live."""
    data = challenge.definition

    def whose(request):
        order = order_of(challenge, request)
        guesses = (order[:, None] + np.arange(5)) % N_PEOPLE
        return {"owner": guesses, "home": data[f"{request.split} home"][order].astype(float)}

    five = np.arange(5) + np.zeros((N_PEOPLE, 1), dtype=int)
    return [
        anomed.SubmissionKind.of_array(
            "anonymizer",
            "int",
            array="cells",
            shape=(N_PEOPLE, N_VISITS),
            low=0,
            high=N_CELLS - 1,
            description="Traces as they are published.",
            metrics=[
                anomed.Metric.of(trip_error, direction="lower", bounds=(0, N_CELLS)),
                anomed.Metric.of(heat_error, direction="lower", bounds=(0, 1)),
            ],
            perfect=lambda request: data[f"{request.split} cells"],
            trivial=np.full((N_PEOPLE, N_VISITS), 200),
            known_to={"anonymizer"},
            cheap=True,
        ),
        anomed.SubmissionKind(
            name="deanonymizer",
            schema=anomed.ArraysSchema(
                arrays=[
                    anomed.ArraySchema(
                        name="owner",
                        kinds=["int"],
                        shape=(N_PEOPLE, 5),
                        low=0,
                        high=N_PEOPLE - 1,
                        description="Five guesses whose a trace is, the likeliest first.",
                    ),
                    anomed.ArraySchema(
                        name="home",
                        kinds=["float"],
                        shape=(N_PEOPLE,),
                        low=0,
                        high=N_CELLS - 1,
                        description="Cells in which the people live.",
                    ),
                ]
            ),
            description="Whose traces they are, and where those people live.",
            metrics=[
                anomed.Metric.of(top_1, array="owner", bounds=(0, 1), chance=1 / N_PEOPLE),
                anomed.Metric.of(top_5, array="owner", bounds=(0, 1), chance=5 / N_PEOPLE),
                anomed.Metric.of(home_found, array="home", bounds=(0, 1)),
            ],
            perfect=whose,
            trivial={"owner": five, "home": np.full(N_PEOPLE, 200.0)},
            cheap=True,
        ),
    ]


@anomed.hookimpl
def anomed_baselines():
    """Attack with what attackers are given: whose earlier trace is nearest."""

    def nearest(products):
        published = products["/data/deanonymizer/published"]["cells"].mean(axis=1)
        known = products[f"/data/deanonymizer/{products.request.split}"]["cells"].mean(axis=1)
        guesses = np.argsort(np.abs(published[:, None] - known), axis=1)[:, :5]
        return {"owner": guesses, "home": published}

    return [
        anomed.Baseline(
            name="nearest trace", kind="deanonymizer", quality="attack", payload=nearest
        )
    ]
