"""Our routers beside others': scikit-learn's neighbours, RouteLLM's model, LLMRouter's kNN.

The last two run where the packages are installed; docs/policies.md says how.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from made_tables import chance
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsRegressor

from sale.bench.executions import Array
from sale.bench.policies import Encoder, load_policy, play
from sale.bench.policies.factors import Factors, Thresholded, factorise
from sale.bench.policies.predictors import neighbours
from sale.embedding import HashEmbedder


class Scattered:
    """Hashed words, each text moved a little, so that no two tasks are equally near."""

    name, width = "scattered", HashEmbedder.width

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = HashEmbedder().embed(texts)
        moved = [np.random.default_rng(crc32(text.encode())).normal(0, 0.01, 256) for text in texts]
        rows = rows + np.array(moved)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


ENCODER = Encoder(Scattered(), ("x", "y"))
TRAIN, TEST = chance(200, 4, seed=5), chance(80, 4, seed=6)


def vectors(held: Any) -> Array:
    found = ENCODER.tasks(held.texts, held.suites)
    assert found is not None
    return found


@pytest.mark.parametrize("k", [1, 7, 40])
def test_neighbours_are_those_of_scikit_learn(k: int) -> None:
    model = KNeighborsRegressor(k, metric="cosine")
    model.fit(vectors(TRAIN), np.hstack([TRAIN.solved, TRAIN.dollars]))
    theirs = model.predict(vectors(TEST))
    ours = neighbours(vectors(TRAIN), TRAIN, np.random.default_rng(0), k=k)(vectors(TEST))
    assert np.hstack([ours.solved, ours.dollars]) == pytest.approx(theirs)


class Embeddings(BaseHTTPRequestHandler):
    """Serves the vector that a prompt holds, as an OpenAI-like server of embeddings would."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = [
            {"object": "embedding", "index": n, "embedding": json.loads(text)}
            for n, text in enumerate(asked["input"])
        ]
        answer = {"object": "list", "data": data, "model": asked["model"]}
        body = json.dumps(answer | {"usage": {"prompt_tokens": 0, "total_tokens": 0}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def routellm(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """RouteLLM's module of the model, its client turned to a server of ours."""
    pytest.importorskip("routellm")
    server = HTTPServer(("127.0.0.1", 0), Embeddings)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    try:
        from routellm.routers.matrix_factorization import model

        yield model
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def as_routellm(factors: Factors, module: ModuleType) -> Any:
    """Our factors in RouteLLM's model, exactly.

    It scales every agent's vector to length 1, so each gets one more place, which fills it up to
    the longest and meets a 0 in the task; the last layer undoes the scaling. Its projection has
    no bias, so ours is a row for a 1 at the end of every task's vector.
    """
    import torch

    lengths = (factors.agents**2).sum(axis=1)
    longest = lengths.max()
    filled = np.column_stack([factors.agents, np.sqrt(longest - lengths)])
    projection = np.vstack([factors.weights, factors.bias])
    projection = np.column_stack([projection, np.zeros(len(projection))])
    model = module.MFModel(
        dim=filled.shape[1],
        num_models=len(filled),
        text_dim=len(projection),
        num_classes=1,
        use_proj=True,
    ).double()
    ends = np.full((1, filled.shape[1]), np.sqrt(longest))
    state = {"P.weight": filled, "text_proj.0.weight": projection.T, "classifier.0.weight": ends}
    model.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return model


@pytest.mark.slow
def test_win_rates_and_choices_are_those_of_routellms_model(routellm: ModuleType) -> None:
    import torch

    rng = np.random.default_rng(0)
    factors = factorise(vectors(TRAIN), TRAIN.solved, rng, width=16, decay=1e-4)
    model = as_routellm(factors, routellm)
    rows = vectors(TEST)
    strong, weak = 3, 0
    ours = factors.win_rate(rows, strong, weak)
    torch.set_default_dtype(torch.float64)
    try:
        asked = [json.dumps([*map(float, row), 1.0]) for row in rows]
        theirs = np.array([model.pred_win_rate(strong, weak, prompt) for prompt in asked])
    finally:
        torch.set_default_dtype(torch.float32)
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert ours.std() > 0.01
    threshold = float(np.quantile(ours, 0.5))
    choose = Thresholded(factors, strong, weak, threshold).choose(ours, np.ones((80, 4), bool))
    clear = np.abs(theirs - threshold) > 1e-8
    assert choose[clear].tolist() == np.where(theirs >= threshold, strong, weak)[clear].tolist()


def llmrouter_knn(folder: Path, k: int) -> Any:
    """LLMRouter's kNN, fitted by its own trainer to files of our training split."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("llmrouter")
    import yaml
    from llmrouter.models.knnrouter.router import KNNRouter
    from llmrouter.models.knnrouter.trainer import KNNRouterTrainer

    rows = [
        {"query": text, "model_name": agent, "performance": right, "embedding_id": task}
        for task, text in enumerate(TRAIN.texts)
        for agent, right in zip(TRAIN.agents, TRAIN.solved[task], strict=True)
    ]
    (folder / "routing.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    torch.save(torch.tensor(vectors(TRAIN)), folder / "vectors.pt")
    config = {
        "data_path": {
            "routing_data_train": str(folder / "routing.jsonl"),
            "query_embedding_data": str(folder / "vectors.pt"),
        },
        "hparam": {"n_neighbors": k, "metric": "cosine"},
        "model_path": {"ini_model_path": "", "save_model_path": str(folder / "knn.pkl")},
    }
    (folder / "knn.yaml").write_text(yaml.safe_dump(config))
    trainer = KNNRouterTrainer(KNNRouter(str(folder / "knn.yaml")))
    trainer.train()
    return trainer.model


@pytest.mark.slow
def test_the_nearest_task_decides_as_in_llmrouter(tmp_path: Path) -> None:
    theirs = llmrouter_knn(tmp_path, 1).predict(vectors(TEST)).tolist()
    policy = load_policy("knn", k=1, value=float("inf"))
    ours = [one.agent for one in play(policy, TEST, TRAIN, encoder=ENCODER)]
    assert ours == theirs
    assert len(set(ours)) > 1


@pytest.mark.slow
def test_with_more_neighbours_llmrouter_leans_to_the_cheapest_that_is_right(tmp_path: Path) -> None:
    """It counts for each neighbour the one agent listed first of those that were right, we all."""
    theirs = llmrouter_knn(tmp_path, 40).predict(vectors(TEST)).tolist()
    policy = load_policy("knn", value=float("inf"))
    ours = [one.agent for one in play(policy, TEST, TRAIN, encoder=ENCODER)]

    def solved(agents: list[Any]) -> float:
        rows = [TEST.solved[task, TEST.agents.index(one)] for task, one in enumerate(agents)]
        return float(np.mean(rows))

    agree = np.mean([one == other for one, other in zip(ours, theirs, strict=True)])
    print(f"same agent on {agree:.0%}; solved {solved(ours):.0%}, by theirs {solved(theirs):.0%}")
    assert set(theirs) <= set(TEST.agents)
    assert theirs.count("a") > ours.count("a")
    assert solved(ours) > solved(theirs)
