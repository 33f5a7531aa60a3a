"""How plans are put before a juror, and how its answer becomes ratings."""

import json
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.auction import jury
from sale.types import Completion, TokenChoice


def said(text: str, *choices: TokenChoice) -> Completion:
    return Completion(text, 1, 0, 1, False, 0.0, choices or None)


def tokens(*pieces: str) -> list[TokenChoice]:
    return [TokenChoice(piece, 0.0, ((piece, 0.0),)) for piece in pieces]


def test_the_seed_makes_the_letters_repeatable() -> None:
    names = tuple("abcdefgh")
    one, two = (jury.letters(names, seed=7, juror="j", round=1) for _ in range(2))
    assert one == two
    assert sorted(one) == list("ABCDEFGH")


@pytest.mark.parametrize(
    "other", [{"seed": 8}, {"juror": "k"}, {"round": 2}], ids=["seed", "juror", "round"]
)
def test_another_seed_juror_or_round_shuffles_anew(other: dict[str, object]) -> None:
    names = tuple("abcdefghijklmnop")
    same = {"seed": 7, "juror": "j", "round": 1}
    assert jury.letters(names, **same) != jury.letters(names, **(same | other))  # type: ignore[arg-type]


def test_the_order_in_which_plans_come_in_changes_no_letter() -> None:
    options = {"seed": 7, "juror": "j", "round": 1}
    assert jury.letters(("b", "c", "a"), **options) == jury.letters(("a", "b", "c"), **options)


def test_no_agent_is_at_home_under_the_first_letter() -> None:
    first = Counter(
        jury.letters(("a", "b", "c"), seed=seed, juror="j", round=1)["A"] for seed in range(300)
    )
    assert min(first.values()) > 60


@given(st.lists(st.text(min_size=1), unique=True, max_size=jury.MAX_PLANS), st.integers(0, 2**63))
def test_every_agent_has_one_letter(names: list[str], seed: int) -> None:
    given_out = jury.letters(tuple(names), seed=seed, juror="j", round=1)
    assert sorted(given_out.values()) == sorted(names)


def test_the_schema_allows_a_digit_for_each_letter_and_nothing_else() -> None:
    schema = jury.schema(("A", "B"))
    assert schema["required"] == ["A", "B"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["A"]["enum"] == [0, 1, 2, 3, 4, 5]


def test_ratings_are_read_through_words_and_fences() -> None:
    text = 'Here they are:\n```json\n{"B": 0, "A": 5}\n```\nDone.'
    assert jury.read(said(text), ("A", "B")) == {"A": 5.0, "B": 0.0}


def test_log_probabilities_turn_a_digit_into_its_expectation() -> None:
    digit = TokenChoice(" 4", math.log(0.5), ((" 4", math.log(0.5)), (" 2", math.log(0.5))))
    choices = [*tokens('{"', "A", '":'), digit, *tokens("}")]
    assert jury.read(said('{"A": 4}', *choices), ("A",)) == {"A": pytest.approx(3.0)}


def test_a_digit_said_outside_the_answer_does_not_count() -> None:
    choices = tokens("{", '"A":', "1", "}", " or ", '"A":', "5")
    assert jury.read(said('{"A":1} or "A":5', *choices), ("A",)) == {"A": 1.0}


def test_a_digit_inside_a_longer_token_has_no_expectation() -> None:
    glued = TokenChoice("1,", math.log(0.9), (("1,", math.log(0.9)), ("5", math.log(0.05))))
    choices = [*tokens('{"A":'), glued, *tokens('"B":', "2", "}")]
    assert jury.read(said('{"A":1,"B":2}', *choices), ("A", "B")) == {"A": 1.0, "B": 2.0}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"A": 3}',
        '{"A": 3, "B": 6}',
        '{"A": 3, "B": -1}',
        '{"A": 3, "B": "4"}',
        '{"A": 3, "B": true}',
        '{"A": 3, "B": 2.5}',
        '{"A": 3, "B": null}',
        '{"A": 3, "B": ' + "9" * 5000 + "}",
        '{"A": ' + "[" * 5000 + "}",
        '[{"A": 3',
    ],
    ids=range(12),
)
def test_an_answer_counts_whole_or_not_at_all(text: str) -> None:
    with pytest.raises(ValueError, match="no rating for plan"):
        jury.read(said(text), ("A", "B"))


@given(st.text() | st.recursive(st.integers() | st.text(), st.lists).map(json.dumps))
def test_garbage_raises_nothing_but_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="no rating"):
        jury.read(said(text, *tokens(*text)), ("A",))


@given(st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 5), min_size=1))
def test_every_valid_answer_is_read_as_it_was_meant(marks: dict[str, int]) -> None:
    text = json.dumps(marks)
    assert jury.read(said(text, *tokens(*text)), tuple(marks)) == marks
