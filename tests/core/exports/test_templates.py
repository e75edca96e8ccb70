"""Templates of captions and names."""

from __future__ import annotations

import pytest

from pixlstash_core.errors import Invalid
from pixlstash_core.exports.captions import Template

FIELDS = ("caption", "tags", "trigger")


def fill(text: str, **values: str) -> str:
    def field(value: str) -> object:
        return lambda most: ", ".join(value.split(", ")[:most])

    return Template(text, FIELDS).fill({name: field(values.get(name, "")) for name in FIELDS})  # type: ignore[misc]


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("{caption}", {"caption": "a cat"}, "a cat"),
        ("{trigger}, {caption}, {tags:2}", {"trigger": "x", "caption": "a cat", "tags": "a, b, c"}, "x, a cat, a, b"),
        ("{trigger}, {caption}, {tags}", {"trigger": "x", "tags": "a"}, "x, a"),
        ("{trigger}, {caption}, {tags}", {"caption": "a cat"}, "a cat"),
        ("{trigger}, {caption}, {tags}", {}, ""),
        ("photo of {trigger}. {caption}", {"trigger": "x"}, "photo of x"),
        ("photo of {trigger} by me", {}, "photo of  by me"),
        ("{{{caption}}}", {"caption": "a"}, "{a}"),
        ("{tags:0}", {"tags": "a"}, ""),
        ("", {}, ""),
    ],
)
def test_fields_are_filled_and_separators_of_empty_ones_left_out(
    template: str, values: dict[str, str], expected: str
) -> None:
    assert fill(template, **values) == expected


@pytest.mark.parametrize("template", ["{nothing}", "{", "}", "{caption", "{caption:x}", "{caption.__class__}", "{0}"])
def test_what_is_no_field_is_refused(template: str) -> None:
    with pytest.raises(Invalid, match="field|single"):
        Template(template, FIELDS)


def test_a_value_that_looks_like_a_template_is_text() -> None:
    assert fill("{caption}", caption="{tags} {{x}}") == "{tags} {{x}}"
