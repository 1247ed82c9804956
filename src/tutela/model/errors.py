"""Every exception that tutela raises on purpose::

    TutelaError
    ├── UsageError            exit 2   a request that cannot be carried out as written
    │   ├── SettingInvalid
    │   ├── SignalInvalid
    │   ├── RequestInvalid
    │   └── FindingInvalid
    ├── ListUnknown           exit 3
    ├── ListExists            exit 3
    ├── EntryUnknown          exit 3
    ├── EntryAway             exit 3
    ├── VersionUnknown        exit 3
    ├── FormatUnknown         exit 4   a file to import is of no known form
    ├── ImportTorn            exit 4
    ├── StoreDamaged          exit 5
    ├── StoreNewer            exit 5
    ├── StoreUnwritable       exit 5
    ├── AuditKeyLost          exit 5
    ├── BackupFailed          exit 5
    ├── IndexDamaged          exit 5
    ├── StoreBusy             exit 6
    ├── IndexBusy             exit 6
    ├── KernelBroken          exit 7
    ├── ExtraMissing          exit 8
    ├── WorkersFailed         exit 9
    ├── AddressTaken          exit 9
    ├── NotSignedIn           exit 1   what only the server says
    ├── Refused               exit 1
    ├── FormStale             exit 1
    ├── BodyTooLarge          exit 1
    ├── PathTooLong           exit 1
    ├── BodyTooSlow           exit 1
    ├── TooMany               exit 1
    ├── Probing               exit 1
    ├── FetchingOff           exit 1
    ├── PasswordWeak          exit 1
    ├── SignInRefused         exit 1
    ├── SignInSlow            exit 1
    ├── LinkSpent             exit 1
    ├── AccountUnknown        exit 3
    ├── AccountExists         exit 3
    ├── LastAdministrator     exit 1
    ├── TokenUnknown          exit 1
    ├── JobUnknown            exit 3
    ├── JobsRunning           exit 6
    ├── WebhookUnknown        exit 3
    ├── FetchRefused          exit 1
    ├── ServerUnreachable     exit 1   what only the client says
    ├── ServerFailed          exit 1
    ├── JobFailed             exit 1
    └── JobUnfinished         exit 1

A damaged *picture* is never an exception: it is a `Problem` in its finding.  Each class's docstring is its
message, with the remedy; ``{fields}`` are filled from the keyword arguments given to it.
"""

from __future__ import annotations

import inspect
from typing import Self


class TutelaError(Exception):
    """Something went wrong in tutela."""

    exit_code = 1
    #: What an HTTP answer that carries this error has as its status.
    status = 500

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(inspect.cleandoc(type(self).__doc__ or "").replace("\n", " ").format(**fields))

    @classmethod
    def told(cls, message: str, **fields: object) -> Self:
        """Return the error with a message that was written elsewhere: by the server that a client asked."""
        error = cls.__new__(cls)
        error.fields = fields
        Exception.__init__(error, message)
        return error


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


class RequestInvalid(UsageError):
    """The request cannot be carried out: {reason}."""


class ListUnknown(TutelaError):
    """There is no list named {name!r}. `tutela list show` names those there are, `tutela list create` makes one."""

    exit_code = 3
    status = 404


class ListExists(TutelaError):
    """A list named {name!r} is there already. Import into it, or remove it first with `tutela list remove`."""

    exit_code = 3
    status = 409


class EntryUnknown(TutelaError):
    """List {name!r} has no entry {key!r}, and never had one."""

    exit_code = 3
    status = 404


class EntryAway(TutelaError):
    """Entry {key!r} is {state}. Bring it back first."""

    exit_code = 3
    status = 409


class VersionUnknown(TutelaError):
    """List {name!r} had no version {wanted}. Its history begins with version 0, when it was made."""

    exit_code = 3
    status = 404


class FormatUnknown(TutelaError):
    """{path} is of no list format known here: {reason}. Name its format (`--format`)."""

    exit_code = 4
    status = 422


class ImportTorn(TutelaError):
    """The import breaks off at record {number}: {reason}. The list is as it was; get the whole file, or import what can
    be read of this one by accepting a torn file (`--accept-torn`).
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


class BackupFailed(TutelaError):
    """The back-up cannot be written or restored: {reason}. Nothing that was there has changed."""

    exit_code = 5


class AuditKeyLost(TutelaError):
    """The key {path}, which signs the audit trail, is gone or cannot be read. Restore it from a back-up; or move keys/
    and audit-checkpoints.txt away, to be kept as they are, and a new key is made.
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


class AddressTaken(TutelaError):
    """The server cannot listen on {host} port {port}: {reason}. End what does, or name another port with --port."""

    exit_code = 9


class NotSignedIn(TutelaError):
    """This needs an account. Sign in, or send a token of one as `Authorization: Bearer tut_...`; what was sent is
    unknown here, or its time is over.
    """

    status = 401


class Refused(TutelaError):
    """You may not do this: {reason}"""

    status = 403


class FormStale(TutelaError):
    """This form was not made by this sign-in, or is too old. Load its page again and send it from there."""

    status = 403


class BodyTooLarge(TutelaError):
    """The request has more than {most} bytes. Send less at once, or have the setting max_body raised."""

    status = 413


class PathTooLong(TutelaError):
    """The path has more than {most} characters. No list, entry or job has a name as long as that."""

    status = 414


class BodyTooSlow(TutelaError):
    """The request did not arrive in time. Send it again over a faster line, or in smaller pieces."""

    status = 408


class TooMany(TutelaError):
    """This account has asked for more than {most} values in a minute. Wait {seconds} seconds, or have the setting
    lookups_per_minute raised.
    """

    status = 429


class Probing(TutelaError):
    """Many slightly different values were asked for around one entry, which is how a list is probed. Look-ups near it
    are refused to this account for {minutes} minutes; an administrator sees it in the audit trail.
    """

    status = 429


class FetchingOff(TutelaError):
    """This server fetches no URLs. Send the picture itself, or have the setting fetch_urls switched on."""

    status = 403


class PasswordWeak(TutelaError):
    """This password cannot be taken: {reason}. A sentence of several words is easy to remember and hard to guess."""

    status = 422


class SignInRefused(TutelaError):
    """Name, password or code is wrong. Try again; a code counts once, and for half a minute."""

    status = 401


class SignInSlow(TutelaError):
    """There were too many wrong sign-ins. Wait {seconds} seconds, then try again."""

    status = 429


class LinkSpent(TutelaError):
    """This link was used already, or is too old. Ask an administrator for another; where there is none yet, start the
    server again.
    """

    status = 403


class AccountUnknown(TutelaError):
    """There is no account {name!r}. `tutela account list` names those there are."""

    exit_code = 3
    status = 404


class AccountExists(TutelaError):
    """There is an account {name!r} already. Take another name."""

    exit_code = 3
    status = 409


class LastAdministrator(TutelaError):
    """This is the only administrator who can sign in. Make another one first."""

    status = 409


class TokenUnknown(TutelaError):
    """There is no token {number}, or it is another account's."""

    status = 404


class JobUnknown(TutelaError):
    """There is no job {number}, or what it made is there no longer."""

    exit_code = 3
    status = 404


class JobsRunning(TutelaError):
    """Another job process works on the store in {path}. There is one for each store; `tutela serve` starts it."""

    exit_code = 6


class WebhookUnknown(TutelaError):
    """There is no webhook {number}."""

    exit_code = 3
    status = 404


class FetchRefused(TutelaError):
    """The URL was not fetched: {reason}."""

    status = 422


class ServerUnreachable(TutelaError):
    """The server at {address} cannot be reached: {reason}. See that it runs and that the address is right; what was
    asked may or may not have been done.
    """

    status = 503


class ServerFailed(TutelaError):
    """The server at {address} answered {answered}: {reason}"""

    status = 502


class JobFailed(TutelaError):
    """The job {job} ended as {state}: {reason}. Nothing of it was kept, unless it says so."""


class JobUnfinished(TutelaError):
    """The job {job} was not done within {seconds} seconds; it goes on. Wait for it again, or cancel it."""
