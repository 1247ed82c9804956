import io

import pytest
from PIL import Image


def png(colour=(0, 0, 0)) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(kept, "PNG")
    return kept.getvalue()


def test_a_photo_has_its_pdq(client, picture):
    answer = client.post("/h/hash", files={"photo": ("p.jpg", picture())})
    # What HMA's own server answers for this file.
    assert answer.json() == {"pdq": "5feb7321f01da156898e2b7629a5d3438412cdbd23f48942464526315db33ffd"}


def test_types_are_chosen(client, picture):
    answer = client.post("/h/hash?types=md5,sha256", files={"photo": ("p.jpg", picture())}).json()
    assert answer["md5"] == "85211a705c1cc28a12306142e8c7c9e5"
    assert answer.keys() == {"md5", "sha256"}


def test_a_picture_without_anything_on_it_has_no_value(client):
    assert client.post("/h/hash", files={"photo": ("p.png", png())}).json() == {"pdq": ""}


@pytest.mark.parametrize("data", [b"", b"not a picture", png()[:40]])
def test_what_cannot_be_decoded_is_refused(client, data):
    answer = client.post("/h/hash", files={"photo": ("p.png", data)})
    assert answer.status_code == 400
    assert "cannot be read" in answer.json()["message"]


def test_one_file_is_taken(client):
    for files in (
        [("photo", ("a", b"x")), ("photo", ("b", b"x"))],
        [("photo", ("a", b"x")), ("video", ("b", b"x"))],
        [("photo", ("a", b"x"))] * 3,
    ):
        answer = client.post("/h/hash", files=files)
        assert (answer.status_code, answer.json()) == (400, {"message": "Only one file allowed per request"})


def test_a_form_that_is_torn_is_refused(client):
    kind = {"content-type": "multipart/form-data"}
    assert client.post("/h/hash", content=b"--x\r\n", headers=kind).status_code == 400
    kind = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/h/hash", content=b"--y garbage", headers=kind).status_code == 400
