import pytest

from tutela.model.errors import SignalInvalid
from tutela.signals import kind, kind_title, kinds


def test_names_are_found_in_any_case():
    assert [kind(known.name.upper()) for known in kinds()] == list(kinds())
    assert [known.name for known in kinds()] == ["md5", "sha1", "sha256", "pdq", "photodna"]
    assert [known.size for known in kinds()] == [16, 20, 32, 32, 144]


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(SignalInvalid, match="md5, sha1, sha256, pdq, photodna"):
        kind("phash")


def test_what_kinds_are_called_where_people_read():
    assert [kind_title(known.name) for known in kinds()] == ["MD5", "SHA-1", "SHA-256", "PDQ", "PhotoDNA"]
