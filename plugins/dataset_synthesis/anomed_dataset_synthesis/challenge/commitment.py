"""A commitment: the organiser can prove later that nobody's membership was changed afterwards."""

import hashlib

from anomed_dataset_synthesis.table.canonical import CanonicalTable


def commitment_of(nonce: bytes, training: CanonicalTable, control: CanonicalTable) -> str:
    """Commit to who is in and who is out.

    The digest is published before the first submission. Whoever is given the nonce and both
    tables later computes it again.

    Parameters
    ----------
    nonce : bytes
        At least 16 secret random bytes, without which nobody can try out guesses.
    training, control : CanonicalTable
        The secret members and non-members, in the order in which they are handed out.

    Returns
    -------
    str
        SHA-256, hexadecimal, of the nonce and, for each table, the number of its records and its
        level numbers row by row; all numbers are little-endian, of 8 and of 4 bytes.

    Raises
    ------
    ValueError
        If the nonce is too short.
    """
    if len(nonce) < 16:
        raise ValueError(f"the nonce has {len(nonce)} bytes; give at least 16")
    digest = hashlib.sha256(nonce)
    for table in (training, control):
        digest.update(len(table).to_bytes(8, "little"))
        digest.update(table.levels.astype("<i4").tobytes(order="C"))
    return digest.hexdigest()
