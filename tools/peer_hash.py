"""Hash files with python-threatexchange, for `format_table.py`: paths on standard input, JSON on standard output.

Run by the interpreter of an environment that has threatexchange and pdqhash.  The first line out names the versions.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

warnings.simplefilter("ignore")
print(json.dumps({name: version(name) for name in ("threatexchange", "pdqhash", "pillow")}), flush=True)
for line in sys.stdin:
    try:
        value, quality = pdq_from_bytes(Path(line.rstrip("\n")).read_bytes())
        answer = {"value": value, "quality": quality}
    except Exception as error:  # noqa: BLE001 - what it raises for which file is the very thing to be found out
        answer = {"error": type(error).__name__}
    print(json.dumps(answer), flush=True)
