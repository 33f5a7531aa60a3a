"""The figures of a report: valid, not blank, in steady colours, and honest about the hull."""

import base64
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from made_runs import AGENTS, World, samples, trials

from sale.bench.report.bars import draw_allocation, draw_bins, draw_overhead
from sale.bench.report.curves import draw_calibration, draw_learning, jurors
from sale.bench.report.drawing import REST, colours, picture, sheet
from sale.bench.report.layers import layers
from sale.bench.report.plane import draw_frontier, draw_plane, frontier
from sale.bench.samples import Sample, Spending
from sale.bench.statistics import summarise
from sale.types import Stage

ROSTER = dict(zip(AGENTS, (0.01, 0.06, 0.2), strict=True))


@pytest.fixture(scope="module")
def whole():
    held = samples(World.of(30), orders=2)
    return summarise(held, roster=ROSTER, draws=50).suites[-1]


@pytest.fixture(scope="module")
def shades():
    return colours(AGENTS)


def pixels(png):
    """The bytes of a PNG's pixels, each chunk's checksum looked at."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    place, data, size = 8, b"", (0, 0)
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        body = png[place + 8 : place + 8 + length]
        [check] = struct.unpack(">I", png[place + 8 + length : place + 12 + length])
        assert check == zlib.crc32(kind + body)
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        data += body if kind == b"IDAT" else b""
        place += 12 + length
    assert kind == b"IEND"
    return size, zlib.decompress(data)


def check(found):
    """A figure is a PNG with something on it, an SVG that is XML, and told in words."""
    (width, height), data = pixels(found.png)
    assert width >= 1_000
    assert height >= 200
    assert len(set(data)) > 50
    root = etree.fromstring(found.svg.encode())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not root.xpath("//*[local-name()='script' or local-name()='foreignObject']")
    assert "prefers-color-scheme:dark" in found.svg
    assert base64.b64decode(found.uri.partition(",")[2]) == found.svg.encode()
    assert len(found.alt) > 40
    return found


def test_the_plane_shows_every_policy_by_name(whole, shades):
    found = check(draw_plane(whole, shades))
    for one in whole.policies:
        assert one.policy.removeprefix("single:") in found.svg
    assert "$" in found.alt


def test_the_frontier_is_rising_and_nobody_beats_it(whole, shades):
    best = frontier(whole)
    usd = [one.usd_per_task.value for one in best]
    quality = [one.quality.value for one in best]
    assert usd == sorted(usd)
    assert quality == sorted(quality)
    for one in whole.policies:
        if one.policy != "oracle":
            assert any(
                u <= one.usd_per_task.value and q >= one.quality.value
                for u, q in zip(usd, quality, strict=True)
            )
    check(draw_frontier(whole, shades))


def test_allocation_bins_and_learning_show_every_agent_in_its_colour(whole, shades):
    drawn = (
        draw_allocation(whole, shades),
        draw_bins(whole, shades),
        draw_learning(whole, shades, largest=AGENTS[-1]),
    )
    for found in map(check, drawn):
        for agent, colour in shades.items():
            assert colour in found.svg
            assert agent in found.svg


def test_the_overhead_names_each_stage_and_the_part_of_the_auction(whole):
    found = check(draw_overhead(whole))
    for stage in Stage:
        assert f">{stage}<" in found.svg
    share = whole.policy("sale").overhead.usd
    assert f"{100 * share:.0f} % auction" in found.svg


def test_calibration_has_a_panel_for_the_jury_and_each_juror(shades):
    found = check(draw_calibration(jurors(trials(World.of(30))), shades))
    for name in ("the jury", *AGENTS):
        assert f">{name}<" in found.svg


def test_colours_are_by_place_in_the_roster_and_differ():
    names = [f"agent-{n}" for n in range(12)]
    shades = colours(names)
    assert len(set(list(shades.values())[:10])) == 10
    assert shades["agent-11"] == REST
    assert colours(names[:3]) == {name: shades[name] for name in names[:3]}


def test_of_many_agents_those_that_matter_get_the_colours():
    names = [f"agent-{n}" for n in range(30)]
    shades = colours(names, first=["agent-29", "agent-17"])
    assert list(shades) == names
    assert REST not in {shades["agent-29"], shades["agent-17"], shades["agent-0"]}
    assert list(shades.values()).count(REST) == 20


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcdefghijklmn"), st.floats(0, 1), max_size=14),
        min_size=1,
        max_size=5,
    )
)
def test_layers_fill_every_bar_and_begin_where_the_last_one_ended(parts):
    totals = [max(sum(part.values()), 1.0) for part in parts]
    shares = [
        {agent: one / total for agent, one in part.items()}
        for part, total in zip(parts, totals, strict=True)
    ]
    found = layers(shares, colours("abcdefghijklm"))
    assert len(found) <= 12
    floor = [0.0] * len(shares)
    for one in found:
        assert one.starts == pytest.approx(floor)
        floor = list(one.ends)
    assert floor == pytest.approx([100.0] * len(shares), abs=1e-3)
    for one in found:
        if one.name in shares[0]:
            assert one.values[0] == pytest.approx(100 * shares[0][one.name])


def test_the_same_figure_gives_the_same_bytes(whole, shades):
    first, second = (draw_overhead(whole) for _ in range(2))
    assert (first.png, first.svg) == (second.png, second.svg)


@pytest.mark.parametrize(
    "name",
    ["$\\frac{1}{$", "_hidden", "<script>alert(1)</script>", "a\x00b", "名前", "x" * 500, "%s"],
)
def test_a_name_may_be_anything(name):
    held = [
        Sample(
            policy=policy,
            task=f"t{n}",
            agent=name,
            awards=(name,),
            solved=n % 2 == 0,
            usd=0.01 + 0.001 * n,
            place=n,
            minutes=float(n),
            stages={stage: Spending(usd=0.005, completion_tokens=5) for stage in Stage},
        )
        for policy in (f"single:{name}", name)
        for n in range(8)
    ]
    whole = summarise(held, roster={name: 1.0}, draws=20).suites[-1]
    shades = colours([name])
    drawn = (
        draw_plane(whole, shades),
        draw_allocation(whole, shades),
        draw_learning(whole, shades, largest=name),
    )
    for found in drawn:
        etree.fromstring(found.svg.encode())
        pixels(found.png)


def test_what_can_t_be_drawn_is_left_out():
    held = [Sample(policy="p", task="t", agent=None, solved=None, usd=None)]
    whole = summarise(held, roster={}, draws=20).suites[-1]
    assert draw_plane(whole, {}) is None
    assert draw_frontier(whole, {}) is None
    assert draw_bins(whole, {}) is None
    assert draw_overhead(whole) is None
    assert draw_learning(whole, {}, largest=None) is None
    assert draw_calibration((), {}) is None


def test_one_task_that_costs_nothing_is_drawn():
    held = [Sample(policy=f"single:{a}", task="t", agent=a, solved=True, usd=0.0) for a in "ab"]
    whole = summarise(held, roster={"a": 0.0, "b": 0.0}, draws=20).suites[-1]
    check(draw_plane(whole, colours("ab")))


def test_the_hull_is_straight_in_dollars_where_their_logarithm_is_drawn():
    held = [
        Sample(policy=f"single:{agent}", task=f"t{n}", agent=agent, solved=n < right, usd=usd)
        for agent, right, usd in (("small", 0, 0.001), ("large", 10, 0.101))
        for n in range(10)
    ]
    whole = summarise(held, roster={"small": 1.0, "large": 2.0}, draws=20).suites[-1]
    root = etree.fromstring(draw_plane(whole, {}).svg.encode())
    [dashed] = [
        path.get("d")
        for path in root.iter("{*}path")
        if "stroke-dasharray" in path.get("style", "")
    ]
    pairs = np.array(dashed.replace("M", " ").replace("L", " ").split(), float).reshape(-1, 2)
    log, height = pairs[:, 0], -pairs[:, 1]
    rising = height < height.max() - 1e-6
    slope = np.diff(height[rising]) / np.diff(log[rising])
    assert slope[-1] > 10 * slope[0]  # straight by dollars is bent by their logarithm


def test_a_figure_of_nothing_is_told_from_one_of_something():
    """What `check` means by blank."""
    with sheet() as figure:
        blank = picture(figure, "blank", "", "")
    assert len(set(pixels(blank.png)[1])) <= 50
