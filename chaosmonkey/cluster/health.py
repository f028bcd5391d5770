"""Whether one watched collection can be believed, why not, and which history it is of."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.cluster.cache import older
from chaosmonkey.cluster.errors import Replaced, StatusError
from chaosmonkey.cluster.protocols import Position
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

    def recognise(self, position: Position) -> None:
        """Compare a server's position with what we know.

        Raises:
            Replaced: this is another cluster, or it has not got as far as we have.
        """
        if position.cluster and self.cluster not in ("", position.cluster):
            raise Replaced(
                "This is another cluster than before: its namespace kube-system has another uid.",
                remedy="Everything is listed again by itself.",
            )
        self.cluster = position.cluster or self.cluster
        self._compare(position.version)

    def reach(self, version: str) -> None:
        """We are told of a version and go on from it; Replaced if it is of another history."""
        self._compare(version)
        self.version = self.reached = version

    def forget(self) -> None:
        """What was learnt is of another history: nothing is known any more."""
        self.version, self.reached, self.cluster = None, "", ""

    def _compare(self, version: str) -> None:
        """None may precede one that we have seen.

        A watch tells of versions in their order and a list is the newest state, from whichever API
        server it comes.
        """
        if older(version, self.reached):
            what = self.path.rpartition("/")[2]
            raise Replaced(
                f"The cluster went back in time: {what} were at version {self.reached} and are at "
                f"{version} now.",
                remedy="A restored or restarted datastore does that. Everything is listed again.",
            )

    @property
    def known(self) -> bool:
        """The server has told what there is, or refused to: waiting longer is of no use."""
        return self.synced or isinstance(self.trouble, StatusError)
