"""Texts without their markup, and nothing else lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.ingest.text.elements import ELEMENTS, HIDDEN
from sracl_core.ingest.text.markup import Plain, plain_text


@pytest.mark.parametrize(
    "text",
    [
        "size < 6 > 3",
        "R&B",
        "AT&T",
        "a <b",
        "<3 you",
        "x <y and z",
        "<unknown word>",
        "<- arrow",
        "if a<b then c",
        "if a <b and c> d",
        "mail <john@example.com>",
        "see <https://example.com/a>",
        "Pens&parts, salt&pepper, Q&notes, &c.",
        "The <!-- sign",
        "A & B; C",
        "100 &#37 or &bogus; of it",
    ],
)
def test_signs_stay(text: str) -> None:
    assert plain_text(text) == Plain(text.replace("&#37", "%"))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>One</p><p>Two</p>", "One Two"),
        ("one<br/>two</span>three", "one two three"),
        ("<B CLASS=x>Bold</B> <td nowrap>cell", "Bold cell"),
        ("<img alt='2 > 1'>two", "two"),
        ("<img alt='O'Neil'>two", "two"),
        ("<table>one<tr><td>two</td></tr></table>three", "one two three"),
        ("<frameset>one</frameset>two <title>three<b>four", "one two three four"),
        ("one<script>a < b; '</p>'</script>two<style>p{}</style>three", "one two three"),
        ("one<!-- two <b> -->three<noscript>four</noscript><template>five</template>", "one three"),
        ("The <script> tag and the <style> tag", "The tag and the tag"),
        ("Pen<script>var a = f(1);", "Pen"),
        ("<![CDATA[R&D <b>lab</b>]]>", "R&D lab"),
        ("<!DOCTYPE html><?xml version='1.0'?>one<![endif]-->", "one"),
        ("<o:p></o:p>one<w:View>two</w:View><product_info>three</product_info>", "one two three"),
        ("AT&amp;T&nbsp;phone&#8482; &copy 2 a&nbspb", "AT&T phone™ © 2 a b"),
        ("&lt;b&gt;Bold&lt;/b&gt; &amp;amp; &amp;lt;i&amp;gt;it", "Bold & it"),
        ("&lt;3 &amp;amp;amp; &lt;unknown word&gt;", "<3 & <unknown word>"),
    ],
)
def test_markup_goes(text: str, plain: str) -> None:
    assert plain_text(text) == Plain(plain)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("</span></span></span>", "markup"),
        ("&nbsp;<br>", "markup"),
        ("<script>track()</script>", "markup"),
        ("\n\n\n<script>var a = f(1);", "markup"),
        ("var a = b &amp;&amp; f(1);", "script"),
        ("&lt;p&gt;.a{color:red}&lt;/p&gt;", "style sheet"),
        ("", None),
        (" \n ", None),
    ],
)
def test_nothing_left(text: str, kind: str | None) -> None:
    assert plain_text(text) == Plain("", kind)


def test_rounds_end() -> None:
    assert plain_text("&" + "amp;" * 3 + "b").text == "&b"
    assert plain_text("&" + "amp;" * 20 + "b").text.startswith("&amp;")


@settings(deadline=None)
@given(st.text())
def test_texts_without_markup_are_as_ever(text: str) -> None:
    text = text.replace("<", "").replace("&", "")
    plain = plain_text(text)
    assert plain.text == " ".join(text.split()) or (plain.dropped is not None and not plain.text)


@settings(deadline=None)
@given(st.text() | st.text("<>&/!-='\"#; \n[]abp{}().:"))
def test_no_text_is_too_much(text: str) -> None:
    plain = plain_text(text)
    assert plain.text == " ".join(plain.text.split())
    assert plain.dropped is None or not plain.text


TAGS = st.builds(
    str.format,
    st.sampled_from(["<{}>", "</{}>", "<{} class='a > b'>", "<{}/>", '<{} title=x\ny="z">']),
    st.sampled_from(sorted(ELEMENTS - HIDDEN)),
)
SIGNS = st.sampled_from(
    [" < ", " & ", " <3 ", " <b ", " &c ", " <- ", "<!-- x -->", "<style>x</style>", "&amp;", " > "]
)


@settings(deadline=None)
@given(st.lists(TAGS | SIGNS, max_size=30))
def test_words_survive_between_any_tags(pieces: list[str]) -> None:
    text = "word0" + "".join(f"{piece}word{number}" for number, piece in enumerate(pieces, 1))
    words = [word for word in plain_text(text).text.replace("&", " ").split() if word.startswith("word")]
    assert words == [f"word{number}" for number in range(len(pieces) + 1)]


# Each takes hundredths of a second; by the square of the length it would take minutes.
@pytest.mark.timeout(10)
@pytest.mark.parametrize("begins", ["", "<b ", "var a=1; ", ".a{color:", "if ("])
@pytest.mark.parametrize(
    "piece",
    [
        *(
            "<",
            "&",
            "<a ",
            "<a '",
            "<!--",
            "<script>",
            "<div>",
            "<div><p>",
            "</",
            "<a/",
            "&amp;",
            "a=<",
            "<svg><table>",
        ),
        *("<a x=\"<a y='", "<a x=\"'\" '<b y='\"' ", "<script></script", "<template><div>", "</x></script", "]]>"),
        *("{", "a{b:c}", "/*", "'\\\"", "-", "f(a) ", ") "),
    ],
)
def test_long_texts_take_no_time(begins: str, piece: str) -> None:
    plain_text(begins + piece * (200_000 // len(piece)))


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["<", "<div>", "<a x='<a' ", "<!--", "<script>"])
def test_a_megabyte_takes_no_time(piece: str) -> None:
    plain_text(piece * (1_000_000 // len(piece)))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('<span class="a-size-medium a-color-secondary a-text-normal"', Plain("", "markup")),
        ("Pens <span class='x'", Plain("Pens")),
        ("a <b and c=d", Plain("a <b and c=d")),
        ("x <y = z", Plain("x <y = z")),
        ("<!-- Begin Nav --> window.ue && ue.tag('x');", Plain("", "script")),
    ],
)
def test_what_was_cut_off_in_a_tag(text: str, plain: Plain) -> None:
    assert plain_text(text) == plain
