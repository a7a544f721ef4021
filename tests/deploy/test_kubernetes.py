"""The manifests agree with the program: ports, probes, commands, stop times."""

from typing import Any

import pytest

from tests.deploy.files import DATA_DIR, manifests
from voicebot.runtime.parts import Part
from voicebot.settings import Settings, variable

DRAIN_S = Settings.model_fields["drain_s"].default
PORTS = {"stream": 8080, "metrics": 8000, "console": 8000}
SETS = {one["metadata"]["name"]: one for one in manifests() if one["kind"] == "StatefulSet"}


def pod(name: str) -> dict[str, Any]:
    return dict(SETS[name]["spec"]["template"]["spec"])


def container(name: str) -> dict[str, Any]:
    (only,) = pod(name)["containers"]
    return dict(only)


def test_every_part_runs_once() -> None:
    words = [word for name in SETS for word in container(name)["args"]]
    assert {words[n + 1] for n, word in enumerate(words) if word == "--only"} == set(Part)
    assert words.count("--only") == len(Part)


def test_a_pod_has_time_for_its_drain_after_the_balancers_have_heard_of_it() -> None:
    hook = container("stream")["lifecycle"]["preStop"]["exec"]["command"]
    assert hook[0] == "sleep"
    assert pod("stream")["terminationGracePeriodSeconds"] >= int(hook[1]) + DRAIN_S + 20


@pytest.mark.parametrize("name", list(SETS))
def test_ports_probes_and_settings_are_those_of_the_program(name: str) -> None:
    one = container(name)
    assert {p["name"]: p["containerPort"] for p in one["ports"]}.items() <= PORTS.items()
    assert one["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": name}
    assert one["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert {e["name"] for e in one["env"]} <= set(map(variable, Settings.model_fields))
    assert DATA_DIR in {mount["mountPath"] for mount in one["volumeMounts"]}


@pytest.mark.parametrize("name", list(SETS))
def test_a_pod_has_no_rights_and_its_disk_is_its_own(name: str) -> None:
    rights = container(name)["securityContext"] | pod(name)["securityContext"]
    assert rights["runAsNonRoot"]
    assert rights["readOnlyRootFilesystem"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert SETS[name]["spec"]["volumeClaimTemplates"]  # the journal outlives the pod


def test_services_budgets_and_scaling_find_their_pods() -> None:
    for one in manifests():
        if one["kind"] in ("Service", "PodDisruptionBudget"):
            selector = one["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            name = one["metadata"]["name"]
            assert wanted.items() <= SETS[name]["spec"]["template"]["metadata"]["labels"].items()
    (scaling,) = (one for one in manifests() if one["kind"] == "HorizontalPodAutoscaler")
    assert scaling["spec"]["scaleTargetRef"]["name"] in SETS
    assert scaling["spec"]["metrics"][0]["pods"]["metric"]["name"] == "voicebot_open_calls"
    (down,) = scaling["spec"]["behavior"]["scaleDown"]["policies"]
    assert down["periodSeconds"] >= DRAIN_S
