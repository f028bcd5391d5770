"""The programs that switch plugs."""

from chaosmonkey.errors import PlugFailed
from chaosmonkey.programs import Programs


class PlugPrograms(Programs):
    """Runs programs that switch or read plugs: one that fails is a plug that failed."""

    failure = PlugFailed
