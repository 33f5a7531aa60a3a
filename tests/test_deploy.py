"""What `deploy/` ships: files that keep to their schemas, and say what they are to say."""

import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, Literal

import kubernetes_validate
import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field
from ray.autoscaler._private.kuberay.autoscaling_config import (
    _derive_autoscaling_config_from_ray_cr as read_cluster,
)

from sale.config import load_market

DEPLOY = Path(__file__).parents[1] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MARKET, CLUSTER = yaml.safe_load_all((DEPLOY / "kuberay.yaml").read_text())
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}}


class Fields(BaseModel):
    """Fields by their names in KubeRay's reference of ray.io/v1; no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class AuthOptions(Fields):
    mode: Literal["disabled", "token"] | None = None
    secretName: str | None = None  # noqa: N815
    enableK8sTokenAuth: bool | None = None  # noqa: N815


class AutoscalerOptions(Fields):
    idleTimeoutSeconds: int | None = None  # noqa: N815
    upscalingMode: Literal["Default", "Aggressive", "Conservative"] | None = None  # noqa: N815
    version: Literal["v1", "v2"] | None = None
    image: str | None = None
    imagePullPolicy: str | None = None  # noqa: N815
    resources: dict[str, Any] | None = None


class Group(Fields):
    template: dict[str, Any]
    rayStartParams: dict[str, str]  # noqa: N815
    resources: dict[str, str] | None = None
    labels: dict[str, str] | None = None


class HeadGroup(Group):
    serviceType: Literal["ClusterIP", "NodePort", "LoadBalancer"] | None = None  # noqa: N815
    headService: dict[str, Any] | None = None  # noqa: N815
    enableIngress: bool | None = None  # noqa: N815


class WorkerGroup(Group):
    groupName: str  # noqa: N815
    replicas: int = Field(ge=0)
    minReplicas: int = Field(ge=0)  # noqa: N815
    maxReplicas: int = Field(ge=0)  # noqa: N815
    idleTimeoutSeconds: int | None = None  # noqa: N815
    numOfHosts: int | None = None  # noqa: N815
    suspend: bool | None = None
    scaleStrategy: dict[str, Any] | None = None  # noqa: N815


class ClusterSpec(Fields):
    rayVersion: str  # noqa: N815
    authOptions: AuthOptions  # noqa: N815
    headGroupSpec: HeadGroup  # noqa: N815
    workerGroupSpecs: list[WorkerGroup]  # noqa: N815
    enableInTreeAutoscaling: bool | None = None  # noqa: N815
    autoscalerOptions: AutoscalerOptions | None = None  # noqa: N815
    gcsFaultToleranceOptions: dict[str, Any] | None = None  # noqa: N815
    headServiceAnnotations: dict[str, str] | None = None  # noqa: N815
    suspend: bool | None = None
    managedBy: str | None = None  # noqa: N815


class Cluster(Fields):
    apiVersion: Literal["ray.io/v1"]  # noqa: N815
    kind: Literal["RayCluster"]
    metadata: dict[str, Any]
    spec: ClusterSpec


def groups() -> list[dict[str, Any]]:
    return [CLUSTER["spec"]["headGroupSpec"], *CLUSTER["spec"]["workerGroupSpecs"]]


def containers() -> list[dict[str, Any]]:
    return [one for group in groups() for one in group["template"]["spec"]["containers"]]


@pytest.mark.parametrize("spoilt", [False, True])
def test_the_compose_file_keeps_to_the_specification(tmp_path: Path, spoilt: bool):
    file = tmp_path / "compose.yaml"
    file.write_text(json.dumps(COMPOSE | ({"servcies": {}} if spoilt else {})))
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, str(file)], capture_output=True, text=True)
    assert done.returncode == int(spoilt), done.stdout


def test_every_name_in_the_compose_file_is_one_that_it_defines():
    for service in COMPOSE["services"].values():
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
        assert {one["source"] for one in service.get("configs", ())} <= set(COMPOSE["configs"])
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"])
        mounted = [one.partition(":")[0] for one in service.get("volumes", ())]
        assert set(mounted) <= set(COMPOSE["volumes"])
    ignored = (DEPLOY.parent / ".gitignore").read_text().splitlines()
    assert f"deploy/{COMPOSE['secrets']['ray_token']['file']}" in ignored


def test_the_cluster_keeps_to_the_fields_of_kuberay_and_kubernetes():
    Cluster.model_validate(CLUSTER)
    check = partial(
        kubernetes_validate.validate,
        desired_version=kubernetes_validate.latest_version(),
        strict=True,
    )
    check(MARKET)
    for group in groups():
        check(POD | group["template"])
        volumes = {one["name"] for one in group["template"]["spec"]["volumes"]}
        (container,) = group["template"]["spec"]["containers"]
        assert {one["name"] for one in container["volumeMounts"]} <= volumes
    with pytest.raises(kubernetes_validate.ValidationError):
        check(POD | {"spec": {"containers": [{"name": "a", "imag": "sale"}]}})


def test_ray_finds_the_nodes_that_may_be_started_in_the_cluster():
    named = CLUSTER | {"metadata": {**CLUSTER["metadata"], "namespace": "default"}}
    found = read_cluster(named)["available_node_types"]
    assert found["gpu"]["resources"]["GPU"] == 1
    assert (found["gpu"]["min_workers"], found["gpu"]["max_workers"]) == (0, 4)
    assert found["headgroup"]["resources"]["CPU"] == 0


def test_nobody_is_root_and_everybody_shows_the_token():
    assert CLUSTER["spec"]["authOptions"]["mode"] == "token"
    for group in groups():
        assert group["template"]["spec"]["securityContext"]["runAsNonRoot"]
    for container in containers():
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    for name in ("head", "worker"):
        assert COMPOSE["services"][name]["environment"]["RAY_AUTH_MODE"] == "token"
        assert COMPOSE["services"][name]["cap_drop"] == ["ALL"]
    assert re.search(r"^USER sale$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)


def test_the_markets_are_ones_that_sale_takes(tmp_path: Path):
    (inner := tmp_path / "market.toml").write_text(MARKET["data"]["market.toml"])
    _, found = load_market(str(inner))
    room = next(one for one in CLUSTER["spec"]["workerGroupSpecs"] if one["groupName"] == "gpu")
    (container,) = room["template"]["spec"]["containers"]
    there = int(container["resources"]["limits"]["nvidia.com/gpu"])
    assert max(spec.gpus for spec in found.roster) <= there
    _, found = load_market(str(DEPLOY / "market.toml"))
    assert {spec.backend for spec in found.roster} == {"llama_cpp"}


def test_the_image_takes_what_it_is_built_from():
    copied = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!") for line in copied if line.startswith("!")}
    assert {name for name in kept if not (DEPLOY.parent / name).exists()} == set()
    project = (DEPLOY.parent / "pyproject.toml").read_text()
    places = set(re.findall(r'^"sale[\w.]*" = "(\w+)"$', project, re.MULTILINE))
    assert places | {"pyproject.toml", "README.md"} <= kept
    extras = re.findall(r"EXTRAS=([\w,]+)", (DEPLOY / "Dockerfile").read_text())
    assert extras
    for name in ",".join(extras).split(","):
        assert re.search(rf"^{name} = \[", project, re.MULTILINE), name
