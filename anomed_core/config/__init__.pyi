from .settings import ChallengeTable as ChallengeTable
from .settings import Configuration as Configuration
from .settings import QuotaSettings as QuotaSettings
from .settings import ServerSettings as ServerSettings
from .settings import read_configuration as read_configuration
from .settings import read_file as read_file
from .structuring import structure as structure
