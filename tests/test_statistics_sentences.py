"""The plain sentences, word by word."""

import pytest

from sale.auction.calibration import Estimate
from sale.bench.statistics.sentences import alone, hull_sentence, sentence

NONE = Estimate(0.008, -0.021, 0.036)
USD = Estimate(-1.0, -2.0, -0.5)
SAVING = Estimate(0.31, 0.24, 0.38)
ALL = (100, 100, 100)


def said(*, quality=NONE, usd=USD, saving=SAVING, tasks=ALL):
    return sentence("qwen-1.5b alone", quality=quality, usd=usd, saving=saving, tasks=tasks)


def test_cheaper_and_no_difference_shown():
    assert said() == (
        "cheaper than qwen-1.5b alone by 31 % [24, 38], "
        "quality +0.8 points [-2.1, 3.6]: no difference shown"
    )


@pytest.mark.parametrize(
    ("saving", "words"),
    [
        (Estimate(-0.12, -0.19, -0.05), "dearer than qwen-1.5b alone by 12 % [5, 19]"),
        (Estimate(-5.8, -6.5, -5.1), "6.8 times as dear as qwen-1.5b alone [6.1, 7.5]"),
        (
            Estimate(0.03, -0.04, 0.10),
            "not shown to be cheaper or dearer than qwen-1.5b alone (3 % [-4, 10] cheaper)",
        ),
        (
            Estimate(-0.03, -0.10, 0.04),
            "not shown to be cheaper or dearer than qwen-1.5b alone (3 % [-4, 10] dearer)",
        ),
        (Estimate(0.31), "cheaper than qwen-1.5b alone by 31 %"),
        (Estimate(-0.31), "dearer than qwen-1.5b alone by 31 %"),
    ],
)
def test_what_a_policy_costs(saving, words):
    assert said(saving=saving).startswith(words + ", quality")


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        (Estimate(0.05, 0.01, 0.09), "quality +5.0 points [1.0, 9.0]: better"),
        (Estimate(-0.05, -0.09, -0.01), "quality -5.0 points [-9.0, -1.0]: worse"),
        (Estimate(-0.0001, -0.0004, 0.0002), "quality +0.0 points [0.0, 0.0]: no difference shown"),
        (Estimate(0.5), "quality +50.0 points: too few tasks to tell"),
        (Estimate(0.05, 0.0, 0.1), "quality +5.0 points [0.0, 10.0]: no difference shown"),
        (None, "quality unknown"),
    ],
)
def test_what_that_does_to_quality(quality, words):
    assert said(quality=quality).endswith(", " + words)


def test_an_unknown_price_is_said():
    assert said(usd=None, saving=None).startswith("cost against qwen-1.5b alone unknown, quality")


def test_prices_of_a_millionth_of_a_dollar_are_told_apart():
    tiny = Estimate(-3e-10, -4e-10, -2e-10)
    assert said(usd=tiny).startswith("cheaper than qwen-1.5b alone by 31 %")


def test_what_is_dearer_than_nothing_is_told_in_dollars():
    assert said(usd=Estimate(2e-6, 1e-6, 3e-6), saving=None).startswith(
        "dearer than qwen-1.5b alone, which costs nothing, by $2e-06 a task, "
    )
    assert said(usd=Estimate(0.0), saving=None).startswith("as dear as qwen-1.5b alone, ")


def test_equal_dollars_on_every_task_are_as_dear():
    assert said(usd=Estimate(0.0, 0.0, 0.0), saving=Estimate(0.0, 0.0, 0.0)).startswith(
        "as dear as qwen-1.5b alone, "
    )
    assert said(usd=Estimate(0.0), saving=Estimate(0.0)).startswith("as dear as qwen-1.5b alone, ")


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ((100, 100, 100), "shown"),
        ((90, 100, 100), " (quality on 90 of 100 tasks)"),
        ((100, 80, 100), " (dollars on 80 of 100 tasks)"),
        ((90, 80, 100), " (quality on 90 of 100 tasks, dollars on 80)"),
    ],
)
def test_what_could_not_be_compared_is_said(tasks, words):
    assert said(tasks=tasks).endswith(words)


def test_a_gain_over_random_mixing_is_said():
    gain = Estimate(0.021, 0.003, 0.039)
    assert hull_sentence(gain, tasks=9, of=9) == (
        "quality +2.1 points [0.3, 3.9] against random mixing of single agents at the same cost: "
        "better"
    )
    assert hull_sentence(None, tasks=0, of=9) == "against random mixing of single agents: unknown"


def test_policies_are_called_by_what_they_are():
    assert [alone(name) for name in ("single:a:b", "sale", "single:", "x:y")] == [
        "a:b alone",
        "sale",
        "single:",
        "x:y",
    ]
