"""Every exception that tutela raises on purpose::

    TutelaError
    ├── UsageError            exit 2   a request that cannot be carried out as written
    │   ├── SettingInvalid
    │   ├── SignalInvalid
    │   └── FindingInvalid
    ├── ListUnknown           exit 3
    ├── ListExists            exit 3
    ├── FormatUnknown         exit 4   a file to import is of no known form
    ├── ImportTorn            exit 4
    ├── StoreDamaged          exit 5
    ├── StoreNewer            exit 5
    ├── StoreUnwritable       exit 5
    ├── IndexDamaged          exit 5
    ├── StoreBusy             exit 6
    ├── IndexBusy             exit 6
    ├── KernelBroken          exit 7
    ├── ExtraMissing          exit 8
    └── WorkersFailed         exit 9

A damaged *picture* is never an exception: it is a `Problem` in its finding.  Each class's docstring is its
message, with the remedy; ``{fields}`` are filled from the keyword arguments given to it.
"""

from __future__ import annotations

import inspect


class TutelaError(Exception):
    """Something went wrong in tutela."""

    exit_code = 1
    #: What an HTTP answer that carries this error has as its status.
    status = 500

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(inspect.cleandoc(type(self).__doc__ or "").replace("\n", " ").format(**fields))


class UsageError(TutelaError):
    """{reason}"""

    exit_code = 2
    status = 400


class SettingInvalid(UsageError):
    """The setting {name} is {value!r}, which is not {wanted}. Correct it or unset it to get the default."""


class SignalInvalid(UsageError):
    """{value} is not a {kind} value: {reason}."""


class FindingInvalid(UsageError):
    """This is not a finding of a form known here: {reason}. Give a line of `tutela match --jsonl` of this release."""


class ListUnknown(TutelaError):
    """There is no list named {name!r}. `tutela list show` names those there are, `tutela list create` makes one."""

    exit_code = 3
    status = 404


class ListExists(TutelaError):
    """A list named {name!r} is there already. Import into it, or remove it first with `tutela list remove`."""

    exit_code = 3
    status = 409


class FormatUnknown(TutelaError):
    """{path} is of no list format known here: {reason}. Name the format with --format."""

    exit_code = 4
    status = 422


class ImportTorn(TutelaError):
    """The import breaks off at record {number}: {reason}. The list is as it was; get the whole file, or import what can
    be read of this one by accepting a torn file.
    """

    exit_code = 4
    status = 422


class StoreDamaged(TutelaError):
    """The store {path} cannot be read: {reason}. Restore it from a back-up; nothing was changed."""

    exit_code = 5


class StoreNewer(TutelaError):
    """The store {path} was changed by a newer release of tutela. Use that release, or restore an older back-up."""

    exit_code = 5


class StoreUnwritable(TutelaError):
    """The store {path} cannot be written: {reason}. Make room and give this user the right to write there, or set
    TUTELA_HOME to another folder; nothing was changed.
    """

    exit_code = 5


class IndexDamaged(TutelaError):
    """The index file {path} is damaged: {reason}. Nothing was answered from it; rebuild it from its source."""

    exit_code = 5


class StoreBusy(TutelaError):
    """Another process is writing to the store {path}. Wait for it to finish, then try again."""

    exit_code = 6
    status = 503


class IndexBusy(TutelaError):
    """Another process is writing to the index {path}. Wait for it to finish, then try again."""

    exit_code = 6
    status = 503


class KernelBroken(TutelaError):
    """The compiled kernel gave a wrong answer in its self-test ({reason}). Reinstall tutela; do not use this copy."""

    exit_code = 7


class ExtraMissing(TutelaError):
    """{what} needs the optional part {extra!r}. Install it with: pip install 'tutela[{extra}]'"""

    exit_code = 8


class WorkersFailed(TutelaError):
    """Decoding workers cannot be run: {reason}. `tutela doctor` tells more; content that you trust needs no workers."""

    exit_code = 9
    status = 503
