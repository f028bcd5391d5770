"""What we import of kubernetes.aio, and what stays out of memory."""

import subprocess
import sys


def in_a_fresh_python(code: str) -> str:
    return subprocess.check_output([sys.executable, "-c", code], text=True).strip()


def test_the_cluster_room_does_not_bring_in_the_synchronous_client() -> None:
    code = (
        "import sys, chaosmonkey.cluster;"
        "print(*{'kubernetes.client', 'requests', 'oauthlib', 'websocket'} & set(sys.modules))"
    )

    assert in_a_fresh_python(code) == ""


def test_whoever_imports_kubernetes_afterwards_gets_all_of_it() -> None:
    code = (
        "from chaosmonkey.cluster.kubernetes_aio import ApiClient;"
        "import kubernetes, kubernetes.aio;"
        "print(kubernetes.client.CoreV1Api.__name__, kubernetes.aio.client.ApiClient is ApiClient)"
    )

    assert in_a_fresh_python(code) == "CoreV1Api True"


def test_one_that_was_imported_before_is_left_as_it_is() -> None:
    code = (
        "import kubernetes; from chaosmonkey.cluster.kubernetes_aio import ApiClient;"
        "import kubernetes.aio;"
        "print(kubernetes.aio.client.ApiClient is ApiClient, hasattr(kubernetes, 'watch'))"
    )

    assert in_a_fresh_python(code) == "True True"
