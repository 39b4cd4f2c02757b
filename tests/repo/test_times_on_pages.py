"""No template writes a time by itself: stored ones go through `day` and `moment`, planned ones by `planned_time`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from jinja2 import nodes

from forum.web.templates import TEMPLATES, environment

FILES = sorted(str(file.relative_to(TEMPLATES)) for file in TEMPLATES.rglob("*.html"))
FILTERS = {"day", "moment"}
# Names of stored times and days, as `closed_at`, `due_on`, `decision.at`.
ENDINGS = ("_at", "_on")
# These write the values that fill them; {% trans %} becomes one.
MESSAGES = {"_", "gettext", "ngettext"}
NAMES = {"at", "starts", "ends"}


def written(node: nodes.Node) -> Iterator[nodes.Getattr]:
    """Finds the stored times that an expression writes as they are: not those that it asks about or hands on."""
    if isinstance(node, nodes.Getattr):
        if node.attr in NAMES or node.attr.endswith(ENDINGS):
            yield node
    elif isinstance(node, nodes.Filter):
        if node.name not in FILTERS and node.node is not None:
            yield from written(node.node)
    elif isinstance(node, nodes.CondExpr):
        for one in (node.expr1, node.expr2):
            if one is not None:
                yield from written(one)
    elif isinstance(node, nodes.Concat):
        for one in node.nodes:
            yield from written(one)
    elif isinstance(node, nodes.Or | nodes.And):
        for one in (node.left, node.right):
            yield from written(one)
    elif isinstance(node, nodes.Getitem):
        yield from written(node.node)
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in MESSAGES:
        for value in node.kwargs:
            yield from written(value.value)


def faults(source: str) -> list[str]:
    tree = environment().parse(source)
    found = []
    for output in tree.find_all(nodes.Output):
        for before, node in pairwise([None, *output.nodes]):
            # The value of a field of a form is for the server, which reads it as it was stored.
            in_field = isinstance(before, nodes.TemplateData) and before.data.endswith(' value="')
            if node is not None and not in_field:
                found += [f"line {one.lineno}: .{one.attr}" for one in written(node)]
    return found


@pytest.mark.parametrize("name", FILES)
def test_no_template_writes_a_stored_time_by_itself(name: str) -> None:
    assert faults((TEMPLATES / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "{{ round.closed_at }}",
        "{{ round.closed_at[:10] }}",
        "{{ round.closed_at|replace('T', ' ') }}",
        "{{ round.closed_at or '' }}",
        "{{ _('Closed on %(day)s', day=round.closed_at) }}",
        "{% trans day=round.closed_at %}Closed on {{ day }}{% endtrans %}",
        "{{ one.at if one else '' }}",
    ],
)
def test_the_rule_finds_what_it_is_for(source: str) -> None:
    assert len(faults(source)) == 1


def test_and_lets_the_filters_be() -> None:
    assert faults("{{ round.closed_at|day }}{{ (a.closed_at or b.closed_at)|moment }}{% if a.at %}x{% endif %}") == []


def test_pushed_screens_hold_no_times_of_day() -> None:
    """The script that says a time in the reader's own zone runs once a page, so that no screen pays for it."""
    for file in sorted((TEMPLATES / "live/screens").glob("*.html")):
        filters = environment().parse(file.read_text("utf-8")).find_all(nodes.Filter)
        assert "moment" not in {one.name for one in filters}, file
