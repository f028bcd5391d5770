"""Whether one watched collection can be believed, and why not."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.cluster.trouble import Answered
from chaosmonkey.errors import ClusterUnavailable


@dataclass(slots=True)
class Health:
    """State of one reflector; it alone writes here.

    Attributes:
        path: the collection, as in the API server's URLs.
        version: where the next watch goes on; None if a list must come first.
        reached: the newest version that we were told of; what falls behind it is not the history
            that we know.
        cluster: uid of the cluster's namespace kube-system; "" as long as it is not known.
        heard: the moment when the server last said something about it.
        synced: it was listed at least once.
        believed: a watch is open that goes on where we left off, or it ended as it should and the
            next one is about to be opened.
        trouble: why it is not believed.
    """

    path: str
    version: str | None = None
    reached: str = ""
    cluster: str = ""
    heard: float | None = None
    synced: bool = False
    believed: bool = False
    trouble: ClusterUnavailable | None = None

    @property
    def known(self) -> bool:
        """The server has told what there is, or refused to: waiting longer is of no use."""
        return self.synced or isinstance(self.trouble, Answered)
