"""The events of a pod's containers, in the kubelet's words."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.watch_cache import Obj


def event_texts(reason: str, container: Obj, images: set[str]) -> list[tuple[str, str]]:
    """The reasons and messages of one step; a pulled image is added to `images`."""
    image = container["image"]
    match reason:
        case "Pulled" if image in images:
            text = "already present on machine and can be accessed by the pod"
            return [("Pulled", f'Container image "{image}" {text}')]
        case "Pulled":
            images.add(image)
            took = "in 310ms (310ms including waiting). Image size: 24117248 bytes."
            return [
                ("Pulling", f'Pulling image "{image}"'),
                ("Pulled", f'Successfully pulled image "{image}" {took}'),
            ]
        case "Killing":
            return [("Killing", f"Stopping container {container['name']}")]
        case _:
            return [(reason, f"Container {reason.lower()}")]
