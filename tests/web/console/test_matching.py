import io

import pytest
from PIL import Image

from tutela.demo.originals import originals
from tutela.model import Content, Entry
from web.conftest import KNOWN, PDQ


@pytest.fixture
def client(signed_in):
    return signed_in("matcher")


@pytest.fixture(scope="module")
def picture():
    return originals()[5].read_bytes()


@pytest.fixture
def listed(services, picture):
    finding = services.matching.match(Content(name="x", data=picture), (), services_policy())
    signals = tuple(signal for signal in finding.signals if signal.kind == "pdq" and signal.frame == 0)
    services.store.add_entry("known", Entry("a photograph", signals))
    services.matching.refresh()


def services_policy():
    from tutela.engine import Policy

    return Policy(pixels="always")


def sent(client, data, name="holiday.jpg", **fields):
    return client.post("/match", data={"csrf": client.csrf} | fields, files={"file": (name, data)})


def test_a_picture_is_looked_at_and_what_it_met_is_shown(client, listed, picture, services):
    page = sent(client, picture).text
    assert "holiday.jpg" in page
    assert "a photograph" in page
    assert "data:image/jpeg;base64," in page
    (row,) = services.audit.rows(action="match.hit", limit=5)
    assert "matcher" in row.who


def test_frames_and_cells_are_called_as_in_the_report(client, listed, picture):
    page = sent(client, picture).text
    assert "The picture lies 0 bits of PDQ" in page
    assert "the picture: " in page
    sheet = Image.new("RGB", (640, 490), "white")
    for number, path in enumerate(originals()[:9]):
        cell = Image.open(path).convert("RGB").resize((200, 150))
        sheet.paste(cell, (10 + number % 3 * 210, 10 + number // 3 * 160))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    page = sent(client, out.getvalue()).text
    assert "Cell 6 of 9 lies" in page
    assert "row 2, column 3" in page
    assert "cell 9 of 9: " in page
    assert "Frame 6" not in page


def test_one_that_lies_on_its_side_is_met_when_asked(client, listed, picture):
    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).transpose(Image.Transpose.ROTATE_90).save(out, "PNG")
    assert "a photograph" not in sent(client, out.getvalue()).text
    assert "a photograph" in sent(client, out.getvalue(), orientations="1").text


def test_a_file_that_is_no_picture_has_a_finding_too(client):
    answer = sent(client, b"only words", "<b>.txt")
    assert answer.status_code == 200
    assert "&lt;b&gt;.txt" in answer.text


def test_without_a_file_nothing_is_asked(client):
    assert client.post("/match", data={"csrf": client.csrf}).status_code == 400
    assert sent(client, b"").status_code == 400


def pasted(client, values):
    return client.post("/match/values", data={"csrf": client.csrf, "values": values})


def test_values_are_looked_up_with_their_kind_or_by_their_length(client, services):
    page = pasted(client, f"md5 {KNOWN.hex()}\n{PDQ.hex()}\n\nSHA1 {'1' * 40}").text
    assert "one" in page
    assert "two" in page
    assert len(services.audit.rows(action="match.hit", limit=5)) == 2


@pytest.mark.parametrize("values", ["", "xyz", "rot13 00", "md5 00", "\n".join(["md5 " + "1" * 32] * 101)])
def test_values_that_cannot_be_are_told_and_kept_in_the_form(client, values):
    answer = pasted(client, values)
    assert answer.status_code == 400
    assert values.split("\n")[0] in answer.text


@pytest.mark.parametrize("span", ["day", "week", "month", "century"])
def test_the_overview_counts_what_was_asked(signed_in, services, span):
    client = signed_in("analyst")
    pasted(client, f"md5 {KNOWN.hex()}")
    services.usage.write()
    page = signed_in("reader").get("/", params={"span": span}).text
    assert 'aria-label="Looked up and looked at: 1 in all, 1 at most"' in page
    assert 'aria-label="Hits: 1 in all, 1 at most"' in page


def test_whoever_may_not_match_cannot(signed_in):
    client = signed_in("auditor")
    assert client.get("/match").status_code == 403
    assert sent(client, b"x").status_code == 403
    assert pasted(client, KNOWN.hex()).status_code == 403
