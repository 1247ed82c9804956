"""Sphinx: pages in MyST Markdown, the Python reference from docstrings, examples run by `sphinx-build -b doctest`.

Nothing is fetched while building: there is no intersphinx, so names of other projects are not links.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

import tutela

project = "Tutela"
author = "the Tutela contributors"
project_copyright = "2026 the Tutela contributors"
version = release = tutela.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.doctest"]
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

smartquotes = False  # --format is two hyphens, also outside of code

html_theme = "furo"
html_title = "Tutela"
html_show_sourcelink = False
html_copy_source = False

# Docstrings write names in single backticks. Those that the reference knows become links, the others plain code.
default_role = "py:obj"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100

# What an example in a docstring may take for granted.
doctest_global_setup = """
import numpy as np
from tutela.index import HammingIndex
"""

nitpick_ignore_regex = [
    # The standard library, numpy, and libraries whose types stand in a few signatures: to link them would take their
    # inventories from the network at build time.
    (r"py:.*", r"(collections\.abc|contextlib|dataclasses|datetime|enum|io|pathlib|types|typing)\..*"),
    (r"py:.*", r"(httpx|numpy|np|npt|PIL|sqlalchemy)(\..*)?"),
    (r"py:class", r"ndarray|u?int(8|16|64)|bool"),
    (r"py:.*", r"(Any|BinaryIO|Callable|Iterable|Iterator|Mapping|Path|Sequence|datetime)"),
    # What callers hold but never make, so that it is no stable name.
    (r"py:class", r"tutela\.engine\.(snapshot\.(HeldList|ListView|SnapshotView)|worker_process\.WorkerStart)"),
    (r"py:class", r"tutela\.index\.segments\.\w+"),
    (r"py:class", r"tutela\.(exchange\.source\.Source|store\.database\.Database)"),
]


def link_or_code(app: Sphinx, env: Any, node: Any, content: nodes.Element) -> nodes.Element | None:
    """Resolve a name in single backticks that was not found where it stands: anywhere, if only one thing has it."""
    del app
    if node.get("refdomain") != "py" or node.get("reftype") != "obj":
        return None
    domain, target = env.domains["py"], node["reftarget"]
    found = domain.find_obj(env, None, None, target, "obj", 1)
    if len(found) == 1:
        return domain.resolve_xref(env, node["refdoc"], env.app.builder, "obj", found[0][0], node, content)
    return content  # a file, a field, something of another project


def readable(*told: Any) -> tuple[str | None, ...]:
    """Shorten what numpy's types are in full, and write a default made anew for each instance so that it parses."""
    texts: tuple[str | None, ...] = told[-2:]
    return tuple(text and _ARRAY.sub(r"ndarray[\1]", text).replace("<factory>", "...") for text in texts)


_ARRAY = re.compile(
    r"~?(?:numpy\.)?ndarray\[tuple\[~?(?:typing\.)?Any, \.\.\.\], ~?(?:numpy\.)?dtype\[~?(?:numpy\.)?(\w+)\]\]"
)


def setup(app: Sphinx) -> None:
    """Register the handlers above."""
    app.connect("missing-reference", link_or_code)
    app.connect("autodoc-process-signature", readable)
