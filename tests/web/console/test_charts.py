from xml.etree import ElementTree as ET

import pytest

from tutela.web.console.charts import HEIGHT, TOP, WIDTH, bars


def drawn(chart):
    return ET.fromstring(chart.svg)


def test_a_bar_a_point_within_the_picture_and_as_high_as_it_counts():
    svg = drawn(bars("Look-ups", [("a", 10), ("b", 0), ("c", 40)]))
    found = [{name: float(bar.get(name)) for name in ("x", "y", "width", "height")} for bar in svg.iter("rect")]
    assert len(found) == 2
    assert found[1]["height"] == pytest.approx(4 * found[0]["height"], abs=0.2)
    assert all(bar["x"] + bar["width"] <= WIDTH and TOP <= bar["y"] <= HEIGHT for bar in found)
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "Look-ups: 50 in all, 40 at most"


def test_labels_are_no_markup():
    svg = drawn(bars("<b>", [("<script>", 1)]))
    assert [text.text for text in svg.iter("text")][-1] == "<script>"
    assert svg.get("aria-label").startswith("<b>:")
    assert not list(svg.iter("script"))


@pytest.mark.parametrize(
    ("most", "top"), [(0, "0"), (1, "2"), (3, "4"), (11, "20"), (999, "1k"), (2_000_001, "4M"), (10**10, "10G")]
)
def test_the_scale_is_round_and_high_enough(most, top):
    svg = drawn(bars("x", [("a", most)]))
    assert top in [text.text for text in svg.iter("text")]


def test_nothing_at_all_is_a_chart_too():
    assert list(drawn(bars("x", [])).iter("rect")) == []
