from .challenge.server import (
    tabular_data_reconstruction_challenge_server_factory as tabular_data_reconstruction_challenge_server_factory,
)
from .challenge.upstream import AnonymizationScheme as AnonymizationScheme
from .challenge.upstream import (
    TabularDataReconstructionChallenge as TabularDataReconstructionChallenge,
)
