"""How much a request may cost."""

from __future__ import annotations

import attrs

MIB = 2**20
_UNPACKED_ANYWAY = 24 * MIB
LONGEST_S = 30 * 86_400.0
"""The longest wait that may be asked for: 30 days."""


@attrs.frozen(kw_only=True)
class Limits:
    """Limits against hostile input; every one is a key of ``[server.limits]``.

    Attributes
    ----------
    body_bytes
        Largest request body.
    bodies_bytes
        Largest size of all bodies under way in a worker; further ones wait, then get 503.
    requests_under_way
        Submissions of one participant that each worker handles at once; further ones get 429.
    jobs
        Jobs of one participant that wait or run in one challenge; further ones get 429.
    stored_bytes_per_subject
        Size of all submissions of one subject that are kept with their scores in one challenge;
        further ones get 403. 0 for no limit.
    unpacked_bytes
        Largest size of everything that is unpacked from one body.
    unpacked_ratio
        How many times its own size a body may unpack to, from 24 MiB on; what a kind declares in
        rows or lengths is allowed as well.
    npz_members
        Largest number of members of an npz file.
    table_rows, table_columns
        Largest table.
    form_parts
        Largest number of parts of a form.
    text_bytes
        Largest text or JSON part.
    json_values
        Largest number of values in a JSON document, lists and objects among them.
    upload_timeout_s
        Seconds within which a body must have arrived.
    """

    body_bytes: int = attrs.field(default=64 * MIB, validator=attrs.validators.gt(0))
    bodies_bytes: int = attrs.field(default=512 * MIB, validator=attrs.validators.gt(0))
    requests_under_way: int = attrs.field(default=8, validator=attrs.validators.gt(0))
    jobs: int = attrs.field(default=16, validator=attrs.validators.gt(0))
    stored_bytes_per_subject: int = attrs.field(
        default=4096 * MIB, validator=attrs.validators.ge(0)
    )
    unpacked_bytes: int = attrs.field(default=256 * MIB, validator=attrs.validators.gt(0))
    unpacked_ratio: int = attrs.field(default=24, validator=attrs.validators.gt(0))
    npz_members: int = attrs.field(default=64, validator=attrs.validators.gt(0))
    table_rows: int = attrs.field(default=2_000_000, validator=attrs.validators.gt(0))
    table_columns: int = attrs.field(default=2_000, validator=attrs.validators.gt(0))
    form_parts: int = attrs.field(default=16, validator=attrs.validators.gt(0))
    text_bytes: int = attrs.field(default=MIB, validator=attrs.validators.gt(0))
    json_values: int = attrs.field(default=50_000, validator=attrs.validators.gt(0))
    upload_timeout_s: float = attrs.field(
        default=60.0, validator=[attrs.validators.gt(0), attrs.validators.le(LONGEST_S)]
    )

    def of_body(self, n_bytes: int, *, declared_bytes: int = 0) -> Limits:
        """Return the limits of one body: what is quickly sent may unpack to less than others.

        Parameters
        ----------
        n_bytes
            Size of the body.
        declared_bytes
            What a body of the size that its kind declares unpacks to.
        """
        most = max(_UNPACKED_ANYWAY, self.unpacked_ratio * n_bytes, declared_bytes)
        return attrs.evolve(self, unpacked_bytes=min(self.unpacked_bytes, most))
