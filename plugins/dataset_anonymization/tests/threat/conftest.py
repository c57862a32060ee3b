"""A register whose illnesses follow from nothing: whoever knows them has them from the table."""

import attrs
import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.people.splits import Pool, draw_ids, draw_targets, split_people
from anomed_dataset_anonymization.schema import TableSchema, encode
from anomed_dataset_anonymization.schemes import canonicalise
from anomed_dataset_anonymization.threat import (
    AttackerView,
    TargetTruth,
    find_rare,
    trace_lineage,
)

KNOWN = ("age", "sex", "ward")
UNKNOWN = ("illness",)
N_PEOPLE = 1_200
N_EACH = 150


@attrs.frozen(kw_only=True, eq=False)
class Register:
    """People dealt to the parts of a challenge, and targets among them."""

    schema: TableSchema
    leaky: pd.DataFrame
    reference: np.ndarray
    truth: TargetTruth
    background: np.ndarray

    def publish(self, table, scheme):
        return canonicalise(table, scheme, schema=self.schema, leaky=self.leaky)

    def view(self, table):
        return AttackerView(
            published=table.without_lineage(),
            known=KNOWN,
            unknown=UNKNOWN,
            target_ids=self.truth.ids,
            background=self.background,
            reference=self.reference,
        )

    def lineage(self, table):
        return trace_lineage(
            table,
            people=self.truth.people,
            is_member=self.truth.is_member,
            leaky_positions=self.truth.leaky_positions,
            n_leaky=len(self.leaky),
        )

    def generalise(self, k):
        """Publish runs of k people in the order of age, with all that they have in common."""
        ordered = self.leaky.sort_values(["age", "sex", "ward"])
        group = np.arange(len(ordered)) // k
        table = pd.DataFrame({"illness": ordered["illness"]})
        table["age_min"] = ordered["age"].groupby(group).transform("min").to_numpy()
        table["age_max"] = ordered["age"].groupby(group).transform("max").to_numpy()
        for name in ("sex", "ward"):
            for value in self.schema[name].values:
                found = (ordered[name] == value).groupby(group).transform("max")
                table[f"{name}_{value}"] = found.to_numpy()
        return self.publish(table, "generalization")


def simulate(seed=7, *, ages=lambda numbers: numbers):
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(
        {
            "age": rng.integers(18, 98, N_PEOPLE),
            "sex": rng.choice(["F", "M"], N_PEOPLE),
            "ward": rng.choice(["a", "b", "c", "d", "e"], N_PEOPLE, p=[0.4, 0.3, 0.15, 0.1, 0.05]),
            "illness": rng.choice([f"i{n}" for n in range(6)], N_PEOPLE),
        }
    )
    people["age"] = ages(people["age"])
    schema = TableSchema.infer(people, quasi_identifiers=KNOWN, sensitive=UNKNOWN)
    parts = split_people(N_PEOPLE, leaky=0.5, non_members=0.25, rng=rng)
    targets = draw_targets(
        Pool(members=parts.leaky, non_members=parts.non_members), N_EACH, rng=rng
    )
    coordinates = encode(people, schema)
    leaky_position = np.full(N_PEOPLE, -1)
    leaky_position[parts.leaky] = np.arange(len(parts.leaky))
    ids = pd.Index(draw_ids(len(parts.leaky), rng=rng), name="record_id")
    background = coordinates[targets.positions][:, :3]
    truth = TargetTruth(
        ids=targets.ids,
        people=coordinates[targets.positions],
        is_member=targets.is_member,
        leaky_positions=leaky_position[targets.positions],
        is_rare=find_rare(background, coordinates[:, :3]),
    )
    return Register(
        schema=schema,
        leaky=people.iloc[parts.leaky].set_axis(ids),
        reference=coordinates[parts.reference],
        truth=truth,
        background=background,
    )


@pytest.fixture(scope="session")
def register():
    return simulate()


@pytest.fixture(scope="session")
def dated_register():
    """The same people, whose ages are the dates with their numbers."""
    return simulate(ages=lambda numbers: pd.Timestamp(0) + pd.to_timedelta(numbers, "D"))


@pytest.fixture(scope="session")
def identity(register):
    return register.publish(register.leaky, "same")


@pytest.fixture(scope="session")
def nothing(register):
    """A table that suppresses every cell."""
    return register.publish(register.leaky.assign(**dict.fromkeys(register.leaky)), "same")
