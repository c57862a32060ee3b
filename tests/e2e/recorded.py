"""What the published challenge server answers, recorded from the wire.

Provenance: anomed-challenge 0.0.21 (falcon 4.4.0, gunicorn 27.0.1, numpy 1.26.4, scikit-learn
1.9.1, Python 3.11.7), the example of its README served by `gunicorn -w 1`, requests written to raw
sockets with `Connection: close`, on 2026-11-21. Every exchange is played again to the same version
in `test_readme_example.py`, so the record can't rot.

Left out is what the published server gets wrong (a 500 for an empty, truncated or too long array;
`data_split=garbage` counted as validation; a missing `anonymizer` overlooked; a false positive rate
divided by all records; 405 for HEAD).
"""

import attrs
import numpy as np
from numpy.typing import NDArray

JSON = "application/json"
MALFORMED = (
    b'{"title": "Malformed request.", '
    b'"description": "Expected a NumPy array with name \'prediction\'."}'
)
NOT_FOUND = b'{"title": "404 Not Found"}'
NOT_ALLOWED = b'{"title": "405 Method Not Allowed"}'

ALL_SETOSA_TUNING = np.zeros(22, dtype=np.int64)
ALL_SETOSA_VALIDATION = np.zeros(23, dtype=np.int64)
ALL_MEMBERS = np.ones(10, dtype=np.bool_)


def missing(parameter: str) -> bytes:
    """Return the body that names a missing query parameter."""
    description = f'The \\"{parameter}\\" parameter is required.'
    return f'{{"title": "Missing parameter", "description": "{description}"}}'.encode()


@attrs.frozen(kw_only=True)
class Exchange:
    """One request and its answer; a body that is an array is sent as an npz."""

    name: str
    target: str
    method: str = "GET"
    arrays: dict[str, NDArray[np.generic]] = attrs.field(factory=dict)
    content: bytes | None = attrs.field(
        default=None, metadata={"help": "sent as it is, not as npz"}
    )
    headers: dict[str, str] = attrs.field(factory=dict)
    status: int
    body: bytes
    allow: frozenset[str] = attrs.field(
        default=frozenset(), metadata={"help": "methods that the answer's Allow lists, or more"}
    )
    may_say_more: bool = attrs.field(
        default=False, metadata={"help": "further members may be added to the JSON object"}
    )


EVALUATION = "/data/attack-success-evaluation"
ANONYMIZER = "/utility/anonymizer"
DEANONYMIZER = "/utility/deanonymizer"
PAIR = "anonymizer=a&deanonymizer=d&data_split=tuning"

ALIVE = Exchange(
    name="alive", target="/", status=200, body=b'{"message": "Challenge server is alive!"}'
)

SCORES = (
    Exchange(
        name="utility-of-tuning",
        method="POST",
        target=f"{ANONYMIZER}?anonymizer=a&data_split=tuning",
        arrays={"prediction": ALL_SETOSA_TUNING},
        status=201,
        body=b'{"accuracy": 0.2727272727272727}',
    ),
    Exchange(
        name="utility-of-validation",
        method="POST",
        target=f"{ANONYMIZER}?anonymizer=recorded-final&data_split=validation",
        arrays={"prediction": ALL_SETOSA_VALIDATION},
        status=201,
        body=b'{"accuracy": 0.5652173913043478}',
    ),
    Exchange(
        name="any-content-type",
        method="POST",
        target=f"{ANONYMIZER}?anonymizer=a&data_split=tuning",
        arrays={"prediction": ALL_SETOSA_TUNING},
        headers={"Content-Type": "text/plain"},
        status=201,
        body=b'{"accuracy": 0.2727272727272727}',
    ),
    Exchange(
        name="extra-array-and-parameter",
        method="POST",
        target=f"{ANONYMIZER}?anonymizer=a&data_split=tuning&unknown=1",
        arrays={"prediction": ALL_SETOSA_TUNING, "other": np.ones(3)},
        status=201,
        body=b'{"accuracy": 0.2727272727272727}',
    ),
)

MISSING_PARAMETERS = (
    Exchange(
        name="data-without-parameters", target=EVALUATION, status=400, body=missing("anonymizer")
    ),
    Exchange(
        name="data-without-anonymizer",
        target=f"{EVALUATION}?deanonymizer=d&data_split=tuning",
        status=400,
        body=missing("anonymizer"),
    ),
    Exchange(
        name="data-without-deanonymizer",
        target=f"{EVALUATION}?anonymizer=a",
        status=400,
        body=missing("deanonymizer"),
    ),
    Exchange(
        name="data-without-split",
        target=f"{EVALUATION}?anonymizer=a&deanonymizer=d",
        status=400,
        body=missing("data_split"),
    ),
    Exchange(
        name="utility-without-split",
        method="POST",
        target=f"{ANONYMIZER}?anonymizer=a",
        arrays={"prediction": ALL_SETOSA_TUNING},
        status=400,
        body=missing("data_split"),
    ),
    Exchange(
        name="attack-without-parameters",
        method="POST",
        target=DEANONYMIZER,
        arrays={"prediction": ALL_MEMBERS},
        status=400,
        body=missing("anonymizer"),
    ),
    Exchange(
        name="attack-without-deanonymizer",
        method="POST",
        target=f"{DEANONYMIZER}?anonymizer=a",
        arrays={"prediction": ALL_MEMBERS},
        status=400,
        body=missing("deanonymizer"),
    ),
    Exchange(
        name="attack-without-split",
        method="POST",
        target=f"{DEANONYMIZER}?anonymizer=a&deanonymizer=d",
        arrays={"prediction": ALL_MEMBERS},
        status=400,
        body=missing("data_split"),
    ),
)

MALFORMED_BODIES = (
    Exchange(
        name="utility-without-prediction",
        method="POST",
        target=f"{ANONYMIZER}?anonymizer=a&data_split=tuning",
        arrays={"X": ALL_SETOSA_TUNING},
        status=400,
        body=MALFORMED,
    ),
    Exchange(
        name="attack-without-prediction",
        method="POST",
        target=f"{DEANONYMIZER}?{PAIR}",
        arrays={"X": ALL_MEMBERS},
        status=400,
        body=MALFORMED,
    ),
    Exchange(
        name="not-an-npz",
        method="POST",
        target=f"{ANONYMIZER}?anonymizer=a&data_split=tuning",
        content=b"garbage",
        status=400,
        body=MALFORMED,
    ),
    Exchange(
        name="pickled-objects",
        method="POST",
        target=f"{ANONYMIZER}?anonymizer=a&data_split=tuning",
        arrays={"prediction": np.array([None] * 22, dtype=object)},
        status=400,
        body=MALFORMED,
    ),
)

WRONG_DOORS = (
    Exchange(name="unknown-route", target="/nope", status=404, body=NOT_FOUND, may_say_more=True),
    Exchange(
        name="trailing-slash",
        target="/data/anonymizer/training/",
        status=404,
        body=NOT_FOUND,
        may_say_more=True,
    ),
    Exchange(
        name="get-of-utility",
        target=ANONYMIZER,
        status=405,
        body=NOT_ALLOWED,
        allow=frozenset({"POST", "OPTIONS"}),
        may_say_more=True,
    ),
    Exchange(
        name="post-of-data",
        method="POST",
        target="/data/anonymizer/training",
        content=b"",
        status=405,
        body=NOT_ALLOWED,
        allow=frozenset({"GET", "OPTIONS"}),
        may_say_more=True,
    ),
    Exchange(
        name="delete-of-alive",
        method="DELETE",
        target="/",
        status=405,
        body=NOT_ALLOWED,
        allow=frozenset({"GET", "OPTIONS"}),
        may_say_more=True,
    ),
)

EXCHANGES = (ALIVE, *SCORES, *MISSING_PARAMETERS, *MALFORMED_BODIES, *WRONG_DOORS)
