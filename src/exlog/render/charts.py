"""Charts of a report as inline SVG, drawn by pygal: no script, no style of their own, readable without colour.

The page's stylesheet (``report.css``) colours and hatches them by the class names that pygal gives to bars.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from exlog.render.escape import one_line
from exlog.render.width import clip, width_of
from exlog.report.model import Chart

WIDTH = 736
FONT = 13
_BAR = 22
_GAP = 12
_LABEL_COLUMNS = 34
_ADVANCE = 0.58
"""Width of a column of text, as a part of the size of its letters: a Chinese character takes two columns."""

_DROPPED = {"defs", "desc", "title"}
"""pygal's scripts and styles are in ``defs``; what it says of itself is replaced by what the chart says."""


def svg(chart: Chart, key: str) -> str:
    """The chart as one ``<svg>`` element. ``key`` makes its ids unique in a page."""
    drawing = _lying(chart) if chart.kind == "rows" else _standing(chart)
    drawing.add_xml_filter(_cleaner(chart, key))
    rendered = drawing.render(disable_xml_declaration=True)
    assert isinstance(rendered, str)
    return rendered


def _lying(chart: Chart) -> Any:
    """Bars that lie, the first on top; the label before each, the text behind it."""
    import pygal

    labels = [clip(one_line(label), _LABEL_COLUMNS) for label in chart.labels]
    texts = [text for series in chart.series for text in series.texts]
    wide = max((_length(label) for label in labels), default=0)
    taken = max((len(label) for label in labels), default=0) * FONT * 0.6  # pygal takes every letter for a narrow one
    behind = max((_length(text) for text in texts), default=0) + 12
    most = max((value for series in chart.series for value in series.values if value), default=1)
    room = WIDTH - max(wide, taken) - behind
    drawing = pygal.HorizontalBar(
        **_common(),
        height=len(labels) * (len(chart.series) * _BAR + _GAP) + 2,
        margin_left=max(0, wide - taken), margin_right=0, margin_top=1, margin_bottom=1,
        range=(0, most * (1 + behind / room)),
        show_x_labels=False, show_x_guides=False, show_y_guides=False,
    )  # fmt: skip
    drawing.x_labels = labels[::-1]
    for series in chart.series:
        drawing.add("", [_bar(chart, series, place) for place in reversed(range(len(labels)))])
    return drawing


def _standing(chart: Chart) -> Any:
    """Bars that stand, in the order of time, the text above each."""
    import pygal

    most = max((value for series in chart.series for value in series.values if value), default=1)
    drawing = pygal.Bar(
        **_common(), height=240, margin_left=0, margin_right=0, margin_top=8, margin_bottom=4,
        range=(0, most * 1.12), show_y_labels=False, show_y_guides=False, show_x_guides=False,
    )  # fmt: skip
    drawing.x_labels = list(chart.labels)
    for series in chart.series:
        drawing.add("", [_bar(chart, series, place) for place in range(len(chart.labels))])
    return drawing


def _common() -> dict[str, Any]:
    from pygal.style import Style

    style = Style(label_font_size=FONT, major_label_font_size=FONT, value_font_size=FONT, font_family="inherit")
    return {
        "width": WIDTH, "style": style, "js": [], "css": [], "show_legend": False, "print_values": True,
        "print_values_position": "top", "no_prefix": True, "spacing": 4,
    }  # fmt: skip


def _bar(chart: Chart, series: Any, place: int) -> Any:
    value = series.values[place]
    if value is None:
        return None
    text = series.texts[place]
    second = chart.series.index(series) > 0
    kind = "hatched" if place in chart.hatched or second else "solid"
    return {"value": value, "formatter": lambda _value: text, "node": {"class": f"bar-{kind}"}}


def _cleaner(chart: Chart, key: str) -> Callable[[ElementTree.Element], ElementTree.Element]:
    """Takes out what a static page must not have, and says what the chart is to those who cannot see it."""

    def clean(root: ElementTree.Element) -> ElementTree.Element:
        _strip(root)
        root.attrib.pop("id", None)
        root.set("role", "img")
        root.set("aria-labelledby", f"{key}-title {key}-desc")
        for place, (tag, text) in enumerate((("title", chart.title), ("desc", _told(chart)))):
            element = ElementTree.Element(tag, {"id": f"{key}-{tag}"})
            element.text = one_line(text)
            root.insert(place, element)
        return root

    return clean


def _strip(element: ElementTree.Element) -> None:
    for child in list(element):
        if not isinstance(child.tag, str) or child.tag in _DROPPED or "tooltip-overlay" in child.get("class", ""):
            element.remove(child)
        else:
            _strip(child)


def _told(chart: Chart) -> str:
    """The chart in words: what it shows, then every bar."""
    parts = [chart.description]
    for place, label in enumerate(chart.labels):
        told = ", ".join(f"{series.name} {series.texts[place]}".strip() for series in chart.series)
        parts.append(f"{label}: {told}.")
    return " ".join(parts)


def _length(text: str) -> float:
    return width_of(text) * FONT * _ADVANCE
