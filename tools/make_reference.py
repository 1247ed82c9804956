"""Writes docs/reference from what the code says of itself: commands, settings, errors, findings, permissions.

python tools/make_reference.py            write the pages
python tools/make_reference.py --check    say which page is behind, and end with 1
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.markup import render

from tutela.access.permissions import GRANTS, MEANINGS, Permission, Role
from tutela.cli import app, lists
from tutela.cli.lazy import LazyGroup
from tutela.cli.outcome import EXIT_CODES
from tutela.model import errors
from tutela.model.settings import SETTINGS

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by tools/make_reference.py: change the code, then run it. -->\n\n"


def main() -> int:
    """Write or check every page; return the exit code."""
    check = sys.argv[1:] == ["--check"]
    pages: dict[str, Callable[[], str]] = {
        "cli.md": cli_page,
        "settings.md": settings_page,
        "errors.md": errors_page,
        "finding.md": finding_page,
        "permissions.md": permissions_page,
    }
    behind = []
    for name, make in pages.items():
        path, text = REFERENCE / name, NOTE + make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            behind.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    for name in behind:
        print(f"docs/reference/{name} {'is behind: run tools/make_reference.py' if check else 'written'}")
    return 1 if check and behind else 0


# ------------------------------------------------------------------------------------------------------ commands
def cli_page() -> str:
    """Return the page on the command line, from the help of the commands themselves."""
    parts = [
        "# Command line\n",
        (
            "Data goes to standard output and talk to standard error; with `--jsonl` every line is a JSON object. "
            "Exit codes are in [](errors.md), environment variables in [](settings.md). "
            "`tutela --install-completion` sets completion up for your shell.\n"
        ),
    ]
    for words, command in _commands("tutela", app.Commands):
        parts.append(f"## {words}\n")
        parts.extend(_command(words, command))
    return "\n".join(parts)


def _commands(words: str, group: type[LazyGroup]) -> Iterator[tuple[str, Any]]:
    for name in group.members:
        if name == "list":
            yield from _commands(f"{words} list", lists.ListCommands)
        else:
            yield f"{words} {name}", group.load(name)


def _command(words: str, command: Any) -> Iterator[str]:  # noqa: ANN401 - Typer's classes move between its releases
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option" and param.name != "help"]
    usage = " ".join([words, "[OPTIONS]", *(_argument(param) for param in arguments)])
    yield f"```text\n{usage}\n```\n"
    yield inspect.cleandoc(command.help) + "\n"
    if arguments or options:
        yield "| | |\n|---|---|"
        for param in (*arguments, *options):
            yield f"| {_names(param)} | {_told(param)} |"
        yield ""
    if command.epilog:
        yield _examples(command.epilog)


def _argument(param: Any) -> str:  # noqa: ANN401 - same
    name = param.metavar or param.name.upper()
    many = "..." if param.nargs == -1 else ""
    return f"{name}{many}" if param.required else f"[{name}{many}]"


def _names(param: Any) -> str:  # noqa: ANN401 - same
    if param.param_type_name == "argument":
        return f"`{param.metavar or param.name.upper()}`"
    names = ", ".join(f"`{name}`" for name in (*sorted(param.opts, key=len, reverse=True), *param.secondary_opts))
    metavar = str(param.metavar).replace("|", "\\|")
    return names if param.is_flag else f"{names} `{metavar}`"


def _told(param: Any) -> str:  # noqa: ANN401 - same
    text = re.sub(r"\[bold\](.*?)\[/\]", r"`\1`", param.help or "")
    text = render(text).plain.replace("|", "\\|")
    default = param.default
    if param.is_flag if param.param_type_name == "option" else False:
        return (
            f"{text} Default: `{param.opts[0] if default else param.secondary_opts[0]}`."
            if param.secondary_opts
            else text
        )
    if default in (None, "") or "default:" in text or callable(default):
        return text
    return f"{text} Default: `{_value(default)}`."


def _value(value: object) -> str:
    return str(getattr(value, "value", value))


def _examples(epilog: str) -> str:
    """Return the examples of an epilog as a block for a shell, its asides as comments."""
    lines = [part for part in epilog.split("\n\n") if not part.startswith("[bold]Example")]
    shown = [render(re.sub(r"\s*\[dim\](.*?)\[/\]", r"    # \1", line)).plain for line in lines]
    return "```shell\n" + "\n".join(shown) + "\n```\n"


# ---------------------------------------------------------------------------------------------- settings, errors
def settings_page() -> str:
    """Return the page on settings, from the table of them."""
    rows = [f"| `TUTELA_{one.name.upper()}` | `{one.default}` | {one.help} |" for one in SETTINGS]
    return (
        "# Settings\n\nSettings come from the environment, and from the TOML file that `TUTELA_SETTINGS` names, where "
        'names are in lower case and without `TUTELA_`, as in `database = "postgresql+psycopg:///tutela"`; the '
        "environment wins. They are read once, at the start. A value of the wrong type or sign and a name in the file "
        "that is none are errors, never passed over.\n\n| variable | default | meaning |\n|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def errors_page() -> str:
    """Return the page on errors and exit codes, from the classes of the errors."""
    classes = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, errors.TutelaError)]
    known = sorted(classes, key=lambda one: one.exit_code)
    parts = [
        "# Exit codes and errors\n",
        (
            "Every command ends with one of these codes. Whether something was met is no error: it is in the output, "
            "and in "
            "the code only where you ask for it. A damaged picture is no error either: it is a problem in its "
            "finding.\n"
        ),
        "| code | meaning |\n|---|---|",
        *(f"| {code} | {_meaning(code, known)} |" for code in sorted({*EXIT_CODES, *(e.exit_code for e in known)})),
        "\n## Errors\n",
        "What the library raises, with the message the command line prints; `{...}` is filled in.\n",
        "| error | code | message |\n|---|---|---|",
    ]
    named = [one for one in known if one not in (errors.TutelaError, errors.UsageError)]
    parts += [f"| `{one.__name__}` | {one.exit_code} | {_message(one)} |" for one in named]
    return "\n".join(parts) + "\n"


def _meaning(code: int, known: list[type[errors.TutelaError]]) -> str:
    if code in EXIT_CODES:
        return EXIT_CODES[code].replace("|", "\\|")
    if code == errors.UsageError.exit_code:
        return "A request that cannot be carried out as written: arguments, settings, values."
    return ", ".join(f"`{one.__name__}`" for one in known if one.exit_code == code)


def _message(error: type[errors.TutelaError]) -> str:
    return inspect.cleandoc(error.__doc__ or "").replace("\n", " ").replace("|", "\\|")


# ------------------------------------------------------------------------------------------------------- finding
def finding_page() -> str:
    """Return the page on the form of a finding, from its JSON Schema."""
    definitions = json.loads((REFERENCE / "finding.schema.json").read_text(encoding="utf-8"))["$defs"]
    parts = [
        "# The form of a finding\n",
        (
            "`tutela match --jsonl` prints one finding a line; `tutela.model.finding_json` reads and writes the same "
            "in "
            "Python. This is version 1 of the form. Within a version fields are only ever added, so pass over what "
            "you do "
            "not know; names and values stay what they are. The JSON Schema is in "
            "[finding.schema.json](finding.schema.json).\n"
        ),
        (
            "A line of `tutela hash --jsonl` has the fields `schema`, `path` (and `path_bytes`), `size`, `media_type`, "
            "`frames`, `signals`, `unhashable` and `problems`, each as here. `tutela match --signals` takes such "
            "lines, "
            "also from other programs: `path` and `signals` are enough.\n"
        ),
        (
            "A digest that is on a list settles the verdict before any pixel is decoded: such a finding has neither "
            "frames "
            "nor perceptual signals unless the policy wants them always.\n"
        ),
    ]
    for name, definition in definitions.items():
        if definition.get("type") != "object":
            continue
        parts += [f"## {name}\n", definition["description"] + "\n", "| field | type | meaning |\n|---|---|---|"]
        needed = definition["required"]
        parts += [
            f"| `{field}`{'' if field in needed else ' (may be absent)'} | {_type(told)} | {told['description']} |"
            for field, told in definition["properties"].items()
        ]
        parts.append("")
    turned = ", ".join(f"`{value}`" for value in definitions["orientation"]["enum"])
    parts.append(f"## orientation\n\n{definitions['orientation']['description']} One of {turned}.\n")
    return "\n".join(parts)


def _type(told: dict[str, Any]) -> str:
    if "const" in told:
        return f"`{json.dumps(told['const'])}`"
    if "enum" in told:
        return ", ".join(f"`{json.dumps(value)}`" for value in told["enum"])
    if "$ref" in told:
        return str(told["$ref"]).rpartition("/")[2]
    if told.get("type") == "array":
        return f"list of {_type(told['items'])}"
    kinds = told["type"] if isinstance(told["type"], list) else [told["type"]]
    return " or ".join(kinds)


# --------------------------------------------------------------------------------------------------- permissions
#: Who may ask a route that needs no permission, as access.json has them.
WITHOUT = {
    "signed-in": "Any account that is signed in, for itself",
    "anybody": "No account; but for a one-time link, or a password, where those are what is asked for",
}


def permissions_page() -> str:
    """Return the page on roles and permissions, and the routes that each permission opens."""
    routes: dict[str, str] = json.loads((REFERENCE / "access.json").read_text(encoding="utf-8"))
    heads = " | ".join(role.value for role in Role)
    parts = [
        "# Roles and permissions\n",
        (
            "An account has one or more roles, and may do what any of them may. A token may do what its account may, "
            "of what its scopes name; scopes are permissions, and only ever take away. The roles are those that the "
            "account has when the token is used. The page *Why may I* of the console shows every decision about an "
            "account, with its reason.\n"
        ),
        "## What each role may\n",
        f"| permission | | {heads} |\n|---|---|{':-:|' * len(Role)}",
        *(f"| `{one}` | {MEANINGS[one]} | {_granted(one)} |" for one in Permission),
        "\n## What each permission opens\n",
        (
            "Every route of the server, and what it needs; a test asks each as every role and as nobody. Who may not "
            "gets 403 with the reason; who is not signed in gets 401 or, from a page, the way to the sign-in. What "
            "HMA has (`/h`, `/m`, `/c`, `/status`, `/site-map`) is also there under `/hma/<token>`.\n"
        ),
        "| needs | routes |\n|---|---|",
    ]
    for needed in (*(one.value for one in Permission), *WITHOUT):
        opened = [_route(route) for route, needs in routes.items() if needs == needed]
        parts.append(f"| {WITHOUT.get(needed, f'`{needed}`')} | {'<br>'.join(opened) or _ELSEWHERE} |")
    return "\n".join(parts) + "\n"


_ELSEWHERE = "none by itself: it decides whether answers about entries hold their values"


def _granted(permission: Permission) -> str:
    return " | ".join("yes" if permission in GRANTS[role] else "" for role in Role)


def _route(route: str) -> str:
    return f"`{re.sub(r':(path|int)}', '}', route)}`"


if __name__ == "__main__":
    sys.exit(main())
