from .challenge.upstream import AnonymizationScheme as AnonymizationScheme
from .challenge.upstream import (
    TabularDataReconstructionChallenge as TabularDataReconstructionChallenge,
)
from .challenge.upstream import (
    tabular_data_reconstruction_challenge_server_factory as tabular_data_reconstruction_challenge_server_factory,
)
