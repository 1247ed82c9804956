import typing

from tutela.cli import options


def test_every_shared_option_says_what_it_does():
    shared = {name: value for name, value in vars(options).items() if typing.get_origin(value) is typing.Annotated}
    assert shared
    for name, value in shared.items():
        assert value.__metadata__[0].help.endswith((".", "]")), name
