"""Entropy of plans and expected digits of ratings."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.auction.signals import entropy, expected_digit, mean_entropy
from sale.types import TokenChoice


def choice(*top: tuple[str, float]) -> TokenChoice:
    """A token and the probabilities of the likeliest ones at its place."""
    return TokenChoice(top[0][0], math.log(top[0][1]), tuple((t, math.log(p)) for t, p in top))


distributions = st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=20).map(
    lambda raw: np.array(raw) / sum(raw)
)


def test_a_fair_coin_has_the_entropy_of_one_bit() -> None:
    assert mean_entropy([choice(("a", 0.5), ("b", 0.5))]) == pytest.approx(math.log(2))


def test_a_sure_token_has_no_entropy() -> None:
    assert mean_entropy([choice(("a", 1.0))]) == 0.0


def test_the_mean_goes_over_tokens_of_different_widths() -> None:
    choices = [choice(("a", 1.0)), choice(("a", 0.25), ("b", 0.25), ("c", 0.25), ("d", 0.25))]
    assert mean_entropy(choices) == pytest.approx(math.log(4) / 2)


@pytest.mark.parametrize("choices", [None, [], [TokenChoice("a", -1.0)]])
def test_without_log_probabilities_there_is_no_entropy(choices: list[TokenChoice] | None) -> None:
    assert mean_entropy(choices) is None


@given(distributions)
def test_entropy_lies_between_nothing_and_that_of_equal_chances(p: np.ndarray) -> None:
    assert -1e-9 <= entropy(p[None, :])[0] <= math.log(len(p)) + 1e-6


@given(distributions, st.integers(1, 20))
def test_a_cut_distribution_is_a_lower_bound_that_grows_with_its_width(
    p: np.ndarray, k: int
) -> None:
    cut = np.sort(p)[::-1][:k]
    narrow, wide = entropy(cut[None, : max(k - 1, 1)])[0], entropy(cut[None, :])[0]
    assert narrow <= wide + 1e-9
    assert wide <= entropy(p[None, :])[0] + 1e-6


def test_probabilities_that_sum_to_more_than_one_leave_no_negative_rest() -> None:
    assert np.isfinite(entropy(np.array([[0.7, 0.7]]))).all()


def test_the_expected_digit_weighs_every_digit_that_was_likely() -> None:
    assert expected_digit(choice(("3", 0.6), ("4", 0.3), ("x", 0.1))) == pytest.approx(10 / 3)


def test_spellings_of_one_digit_are_added_up() -> None:
    assert expected_digit(choice((" 5", 0.4), ("5", 0.4), ("0", 0.2))) == pytest.approx(4.0)


@pytest.mark.parametrize("token", ["7", "12", "x", "٣", "²", ""])
def test_what_is_no_rating_has_no_expectation(token: str) -> None:
    assert expected_digit(choice((token, 1.0))) is None


@given(st.lists(st.tuples(st.sampled_from("012345"), st.floats(-30.0, 0.0)), min_size=1))
def test_the_expected_digit_stays_between_the_likely_ones(top: list[tuple[str, float]]) -> None:
    got = expected_digit(TokenChoice(top[0][0], top[0][1], tuple(top)))
    digits = [int(token) for token, _ in top]
    assert got is not None
    assert min(digits) - 1e-9 <= got <= max(digits) + 1e-9
