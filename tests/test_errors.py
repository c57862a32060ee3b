"""What errors say."""

import pytest

from anomed_core.errors import InvalidParameterError, RequestError, SubmissionRejected


@pytest.mark.parametrize("cls", [RequestError, SubmissionRejected])
def test_what_a_sentence_quotes_is_cut_but_its_advice_is_kept(cls: type[RequestError]) -> None:
    error = cls(f"Column {'x' * 10**6} is unknown; send age.")

    assert str(error).startswith("Column xxx")
    assert str(error).endswith("x is unknown; send age.")
    assert len(str(error)) < 1_010


def test_short_sentences_stay_as_they_are() -> None:
    assert str(InvalidParameterError("split", "got 'a'.")) == (
        "The \"split\" parameter is invalid: got 'a'."
    )
