from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from tutela.model.verdict import VERDICT_NAMES
from tutela.report.markup import VERDICTS, attribute, isolated, tag, terms, text


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.data = [], [], ""

    def handle_starttag(self, name, attributes):
        self.tags.append(name)
        self.attributes += attributes

    def handle_data(self, data):
        self.data += data


def read(markup):
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


@given(st.text(st.characters()))
def test_no_text_makes_an_element(words):
    assert set(read(text(words)).tags) <= {"span"}
    assert set(read(isolated(words)).tags) <= {"bdi", "span"}


@given(st.text(st.characters()))
def test_no_text_ends_an_attribute(words):
    reader = read(f'<td data-v="{attribute(words)}">')
    assert [name for name, _ in reader.attributes] == ["data-v"]


def test_what_is_unseen_is_marked():
    assert text("a\u202e<b>") == 'a<span class="unseen">\\u202e</span>&lt;b&gt;'


def test_small_pieces():
    assert tag("UK A", "grade") == '<span class="tag grade">UK A</span>'
    assert tag("x<") == '<span class="tag">x&lt;</span>'
    assert terms([("A", text("b"))]) == '<dl class="terms"><div><dt>A</dt><dd>b</dd></div></dl>'


def test_every_verdict_has_a_heading_gravest_first():
    assert list(VERDICTS) == list(VERDICT_NAMES.values())
