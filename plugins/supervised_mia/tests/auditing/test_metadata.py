"""What is known about an audited model is taken in whatever form people hold it."""

import numpy as np
import pandas as pd
import pytest
from anomed_supervised_mia import AuditMetadata


@pytest.mark.parametrize(
    ("given", "epoch"),
    [
        (np.int8(3), 3),
        (np.float32(3), 3),
        (pd.Series([None, 3])[1], 3),
        (pd.Series([None, 3])[0], None),
        (np.array(3), 3),
        (None, None),
    ],
)
def test_epochs_are_whole_numbers_of_any_type(given: object, epoch: int | None) -> None:
    assert AuditMetadata(epoch=given).epoch == epoch


@pytest.mark.parametrize("given", [3.5, "third", np.inf, object(), [3]])
def test_what_is_no_epoch_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match=r"epoch is .*; give a whole number, such as 3$"):
        AuditMetadata(epoch=given)
