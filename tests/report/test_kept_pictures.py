from tutela.report import KeptPictures


def test_what_was_kept_comes_back_and_no_name_is_left(tmp_path):
    with KeptPictures(tmp_path) as kept:
        kept.keep(7, b"one")
        kept.keep(9, b"another")
        assert kept.get(7) == b"one"
        kept.keep(2, b"third")
        assert [kept.get(number) for number in (9, 2, 1)] == [b"another", b"third", None]
        assert list(tmp_path.iterdir()) == []
