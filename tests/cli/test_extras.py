import pytest

from cli.running import run
from tutela.cli.extras import needs_extra
from tutela.model.errors import ExtraMissing


def test_a_module_that_is_not_installed_is_said_with_what_to_install():
    with pytest.raises(ExtraMissing) as raised, needs_extra("The server", "server"):
        import a_package_that_nobody_has  # noqa: F401
    assert "The server" in str(raised.value)
    assert "tutela[server]" in str(raised.value)


def test_a_mistake_of_ours_is_not_explained_away():
    with pytest.raises(ModuleNotFoundError), needs_extra("The server", "server"):
        import tutela.a_module_that_is_not_there  # noqa: F401


@pytest.mark.parametrize("words", [("serve",), ("account", "list"), ("jobs", "list"), ("audit", "verify")])
def test_without_the_extra_a_command_says_what_to_install(tmp_path, words):
    # A folder in front of the installed packages, in which the server's are there but cannot be imported.
    for name in ("argon2", "cryptography", "dbos", "fastapi", "uvicorn"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('no {name}', name='{name}')\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from tutela.cli.app import main; main()"
    ended = run(tmp_path / "home", *words, program=code)
    assert ended.returncode == ExtraMissing(what="", extra="").exit_code
    assert b"tutela[server]" in ended.stderr
    assert b"Traceback" not in ended.stderr
