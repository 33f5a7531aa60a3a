"""Replays: every task allocated by what was learnt from others, and a run folder of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import chance, table

from sale.bench.executions import Executions
from sale.bench.policies import POLICIES, Encoder
from sale.bench.replay import Replayed, different, folds_of, named, replay, split_of
from sale.bench.replay_folder import check_folder, write_folder
from sale.bench.replay_folder import settings as made_by
from sale.bench.samples import Sample
from sale.bench.statistics import summarise
from sale.embedding import HashEmbedder
from sale.errors import InputError

ENCODER = Encoder(HashEmbedder(), ("x", "y"))
HELD = chance(40)


def replayed(*names: str, held: Executions = HELD, folds: int = 4, seed: int = 0) -> Replayed:
    splits = folds_of(held, folds, seed=seed)
    return replay(held, names, splits=splits, encoder=ENCODER, seed=seed)


@given(st.integers(2, 30), st.integers(2, 6), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_every_task_is_allocated_once_and_learnt_from_elsewhere(
    tasks: int, folds: int, seed: int
) -> None:
    folds = min(folds, tasks)
    splits = folds_of(chance(tasks), folds, seed=seed)
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(tasks))
    for train, test in splits:
        assert set(train) | set(test) == set(range(tasks))
        assert not set(train) & set(test)
        assert len(test) > 0


def test_a_text_that_is_there_twice_is_never_on_both_sides() -> None:
    twins = replace(HELD, texts=tuple(f"text {place % 20}" for place in range(40)))
    assert different(twins) == 20
    for train, test in (*folds_of(twins, 5, seed=1), *split_of(twins, 0.5, seed=1)):
        assert not {twins.texts[place] for place in train} & {twins.texts[place] for place in test}


def test_without_texts_the_same_name_in_another_suite_counts_as_the_same_task() -> None:
    held = table([[1, 0]] * 4, tasks=("t", "u", "t", "u"), suites=("x", "x", "y", "y"))
    assert different(held) == 2
    for train, test in folds_of(held, 2, seed=0):
        assert not {held.tasks[place] for place in train} & {held.tasks[place] for place in test}


def test_a_share_to_learn_from_leaves_the_rest_to_report() -> None:
    ((train, test),) = split_of(HELD, 0.25, seed=0)
    assert (len(train), len(test)) == (10, 30)
    played = replay(HELD, ["single:a", "knn"], splits=[(train, test)], encoder=ENCODER)
    for name in ("single:a", "knn"):
        places = [one.place for one in played.samples if one.policy == name]
        assert places == test.tolist()


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_a_share_that_leaves_nothing_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="give another share"):
        split_of(HELD, share, seed=0)


def test_more_folds_than_tasks_are_refused() -> None:
    with pytest.raises(InputError, match="3 different tasks can't be cut into 4 folds"):
        folds_of(chance(3), 4, seed=0)


def test_samples_stand_in_the_order_of_the_tasks_whatever_the_folds() -> None:
    played = replayed("carrot", "oracle")
    for name in ("carrot", "oracle"):
        own = [one for one in played.samples if one.policy == name]
        assert [one.place for one in own] == list(range(40))
        assert [one.task for one in own] == list(HELD.tasks)
        assert [one.suite for one in own] == list(HELD.suites)


def test_a_fold_is_blind_to_its_own_outcomes() -> None:
    splits = folds_of(HELD, 4, seed=0)
    _, own = splits[0]
    other = HELD.solved.copy()
    other[own] = 1 - other[own]

    def allocated(held: Executions) -> list[str | None]:
        played = replay(held, ["knn"], splits=splits, encoder=ENCODER)
        return [played.samples[place].agent for place in own]

    assert allocated(HELD) == allocated(replace(HELD, solved=other))


def test_a_mixture_copies_the_shares_of_another_policy_and_not_its_insight() -> None:
    held = chance(400)
    played = replayed("mixture:oracle", "oracle", held=held)
    by = {
        name: [one for one in played.samples if one.policy == name]
        for name in ("mixture:oracle", "oracle")
    }
    assert list(dict.fromkeys(one.policy for one in played.samples)) == list(by)
    for agent in held.agents:
        shares = [np.mean([one.agent == agent for one in own]) for own in by.values()]
        assert shares[0] == pytest.approx(shares[1], abs=0.08)
    solved = [np.mean([one.solved for one in own]) for own in by.values()]
    assert solved[0] < solved[1] - 0.1


def test_a_mixture_plays_what_it_copies_where_nobody_asked_for_it() -> None:
    played = replayed("mixture:oracle")
    assert {one.policy for one in played.samples} == {"mixture:oracle"}


@pytest.mark.parametrize("name", ["mixture:nothing", "mixture:mixture:oracle", "mixture:mixture"])
def test_a_mixture_of_what_can_not_be_copied_is_left_out(name: str) -> None:
    played = replayed(name, "random")
    assert set(played.left_out) == {name}
    assert {one.policy for one in played.samples} == {"random"}


def test_what_can_not_run_is_left_out_with_its_reason_and_the_rest_runs() -> None:
    bare = replace(HELD, texts=(), suites=(), answers=(), verified=())
    played = replayed(*named((), bare.agents), held=bare)
    assert set(played.left_out) == {
        *("mixture:carrot", "knn", "wtp", "carrot", "to-router", "routellm-mf"),
        *("frugalgpt", "verify-cascade"),
    }
    assert {one.policy for one in played.samples} == {
        *("single:a", "single:b", "single:c", "random", "oracle")
    }
    assert played.left_out["knn"].startswith("knn needs task texts")


def test_without_splits_only_what_learns_nothing_is_played() -> None:
    played = replay(HELD, ["carrot", "random"], splits=(), encoder=ENCODER)
    assert played.left_out == {"carrot": "carrot needs a training split"}
    assert len(played.samples) == 40


def test_no_names_are_all_policies_and_single_is_every_agent() -> None:
    everything = named((), ("a", "b"))
    assert everything[:2] == ("single:a", "single:b")
    assert {one.partition(":")[0] for one in everything} == set(POLICIES)
    assert named(("oracle", "single", "oracle", "single:b"), ("a", "b")) == (
        *("oracle", "single:a", "single:b"),
    )


def test_a_replay_is_repeatable_and_its_seed_changes_it() -> None:
    assert replayed("random", "knn", seed=3) == replayed("random", "knn", seed=3)
    assert replayed("random", seed=3).samples != replayed("random", seed=4).samples


def test_whoever_plays_is_told_of(tmp_path: Path) -> None:
    told: list[str] = []
    splits = folds_of(HELD, 2, seed=0)
    replay(
        HELD,
        ["random", "oracle"],
        splits=splits,
        encoder=ENCODER,
        doing=lambda name: told.append(f"begin {name}"),
        done=lambda name: told.append(f"end {name}"),
    )
    assert told == ["begin random", "end random", "begin oracle", "end oracle"]


def test_a_run_folder_holds_samples_figures_and_how_it_was_made(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("the table")
    played = replayed("random", "oracle")
    roster = {"a": 1.0, "b": None, "c": 3.0}
    results = summarise(played.samples, roster=roster, draws=100)
    folder = tmp_path / "runs" / "one"
    check_folder(folder)
    write_folder(folder, made_by(tmp_path / "table.csv", roster, seed=7), played.samples, results)
    lines = (folder / "samples.jsonl").read_text().splitlines()
    assert tuple(Sample.model_validate_json(line) for line in lines) == played.samples
    run = json.loads((folder / "run.json").read_text())
    assert run["agents"][1] == {"name": "b", "price": None}
    assert (run["table"]["name"], len(run["table"]["sha256"]), run["seed"]) == ("table.csv", 64, 7)
    assert "all/oracle" in json.loads((folder / "results.json").read_text())["results"]
    with pytest.raises(InputError, match="holds something already"):
        check_folder(folder)
    with pytest.raises(InputError, match="holds something already"):
        check_folder(tmp_path / "table.csv")
