"""Embedders give unit vectors, the same for the same text, and say what is missing."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.embedding import Embedder, HashEmbedder, MiniLM
from sale.errors import ModelError


@given(texts=st.lists(st.text(st.characters(exclude_categories=[])), min_size=1, max_size=4))
def test_hashed_vectors_have_unit_length_and_repeat(texts: list[str]):
    embedder: Embedder = HashEmbedder()
    rows = embedder.embed(texts)
    assert rows.shape == (len(texts), embedder.width)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    assert (rows == HashEmbedder().embed(texts)).all()


def test_hashed_texts_are_similar_as_far_as_they_share_words():
    rows = HashEmbedder().embed(["sort a list", "Sort a LIST!", "sort a tree", "who was it"])
    same, near, far = rows[1:] @ rows[0]
    assert same == pytest.approx(1.0)
    assert near == pytest.approx(2 / 3)
    assert far == pytest.approx(0.0)


def test_a_missing_model_says_how_to_get_it(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no config.json; fetch all-MiniLM-L6-v2 with `sale"):
        MiniLM(tmp_path)


@pytest.mark.slow
def test_a_damaged_model_says_how_to_get_it(tmp_path: Path):
    (tmp_path / "config.json").write_text("{")
    (tmp_path / "modules.json").write_text("not json")
    with pytest.raises(ModelError, match=r"can't be loaded .*; fetch all-MiniLM-L6-v2 again"):
        MiniLM(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif("SALE_MINILM" not in os.environ, reason="SALE_MINILM names no model folder")
def test_the_real_model_is_quiet_and_knows_what_is_similar(capfd: pytest.CaptureFixture[str]):
    model = MiniLM(Path(os.environ["SALE_MINILM"]))
    rows = model.embed(["Who wrote Hamlet?", "Which author wrote Hamlet?", "Sort a list.", ""])
    assert rows.shape == (4, model.width)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert rows[0] @ rows[1] > 0.8 > 0.3 > rows[0] @ rows[2]
    assert capfd.readouterr() == ("", "")
