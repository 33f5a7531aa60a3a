"""Who shares a model with whom."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sale.config import parse_market
from sale.sharing import sharing
from sale.types import AgentSpec, Price

BASE = AgentSpec("base", "org/model", "vllm", Price(1, 1, 1), slots=4, gpus=0.5)
SQL = replace(BASE, name="sql", adapter="adapters/sql", price=Price(2, 2, 2), prompt="SQL only.")


def engines(*roster: AgentSpec) -> dict[str, str | None]:
    return {spec.name: spec.engine for spec in sharing(roster)}


def test_agents_that_differ_in_adapter_price_and_prompt_share_one_engine():
    assert engines(BASE, SQL) == {"base": "base", "sql": "base"}
    assert {spec.adapters for spec in sharing([BASE, SQL])} == {("adapters/sql",)}


def test_an_engine_has_settings_of_its_own():
    changes = [
        {"model": "org/other"},
        {"context": 8192},
        {"slots": 8},
        {"gpus": 1.0},
        {"replicas": 2},
        {"options": {"quantization": "fp8"}},
    ]
    others = [replace(BASE, name=f"a{n}", **change) for n, change in enumerate(changes)]
    found = engines(BASE, *others)
    assert found == {name: name for name in found}


def test_other_back_ends_share_nothing():
    roster = [replace(BASE, backend="llama_cpp"), replace(SQL, backend="llama_cpp")]
    assert sharing(roster) == tuple(roster)


@given(st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=1, max_size=8))
def test_every_agent_of_an_engine_knows_all_its_adapters(adapters):
    roster = [replace(BASE, name=f"n{n}", adapter=each) for n, each in enumerate(adapters)]
    found = sharing(roster)
    assert [spec.name for spec in found] == [spec.name for spec in roster]
    assert {frozenset(spec.adapters) for spec in found} == {frozenset(adapters) - {None}}


def test_a_market_file_may_pass_tables_to_an_engine_and_give_an_agent_its_own_prompt():
    market = parse_market(
        """
        [[agent]]
        name = "base"
        model = "org/model"
        backend = "vllm"
        prompt = "You know SQL."
        gpus = 0.25
        options = { quantization = "fp8", speculative_config = { method = "ngram" } }
        """,
        name="market.toml",
    )
    (spec,) = market.roster
    assert spec.prompt == "You know SQL."
    assert spec.options["speculative_config"] == {"method": "ngram"}
    assert spec.engine == "base"
