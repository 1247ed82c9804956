"""`AuditTrail`: the audit trail's signed checkpoints, and its verification.

A checkpoint is an Ed25519 signature over the number, time and hash of a row.  It stands in the store and, as a line, in
``audit-checkpoints.txt`` beside it: whoever rewrites the store's rows and hashes cannot sign them, and whoever cuts the
trail's end off has the file to explain.  Copies of that file elsewhere make it provable to others.

    home/keys/audit.key           the private key (PKCS 8, PEM), readable by the server's user only
    home/keys/audit.pub           the public key (PEM)
    home/audit-checkpoints.txt    number, time, hash, signature: a line each, in hexadecimal but for the first two
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from sqlalchemy import Connection, delete, func, insert, select

from tutela.model.errors import AuditKeyLost
from tutela.store.audit import FIRST, By, Written, record, row_hash
from tutela.store.audit import rows as rows_of
from tutela.store.database import Database
from tutela.store.entry_rows import precise_now
from tutela.store.people_tables import audit, audit_checkpoints, audit_head

FILE = "audit-checkpoints.txt"
#: Rows that are read and verified at once.
STEP = 10_000
#: Faults that a report names one by one.
MOST_FAULTS = 1000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed state of the trail: ``hash`` is that of row ``number``."""

    number: int
    time: int
    hash: bytes
    signature: bytes

    @property
    def message(self) -> bytes:
        """What is signed."""
        return f"tutela audit checkpoint\n{self.number}\n{self.time}\n{self.hash.hex()}\n".encode()

    @property
    def line(self) -> str:
        """The line of the file."""
        return f"{self.number} {self.time} {self.hash.hex()} {self.signature.hex()}\n"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the trail that is not as it was written; ``row`` is a row's number, 0 for the trail as a whole."""

    row: int
    what: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a verification found: rows looked at, the first and last number, checkpoints that hold, faults."""

    rows: int
    first: int
    last: int
    checkpoints: int
    faults: tuple[Fault, ...]
    public_key: str

    @property
    def sound(self) -> bool:
        """Whether everything is as it was written."""
        return not self.faults


class AuditTrail:
    """The audit trail of a store whose home folder is ``home``."""

    def __init__(self, database: Database, home: Path) -> None:
        self._database = database
        self._home = home

    def rows(self, **asked: Any) -> tuple[Written, ...]:  # noqa: ANN401 - passed on
        """Return rows, newest first; see `tutela.store.audit.rows` for what can be asked."""
        with self._database.reading() as connection:
            return rows_of(connection, **asked)

    # ----------------------------------------------------------------------------------------------- checkpoints
    def checkpoint(self) -> Checkpoint | None:
        """Sign the trail's last row; ``None`` if there is none, or it is signed already.  Raises `AuditKeyLost`."""
        key = self._key()
        with self._database.writing() as connection:
            head = connection.execute(select(audit_head)).one()
            last = connection.execute(select(func.max(audit_checkpoints.c.number))).scalar_one()
            if head.number in {0, last}:
                return None
            time = precise_now()
            unsigned = Checkpoint(head.number, time, head.hash, b"")
            made = Checkpoint(head.number, time, head.hash, key.sign(unsigned.message))
            values = {"number": made.number, "time": made.time, "hash": made.hash, "signature": made.signature}
            connection.execute(insert(audit_checkpoints).values(values))
            # Within the transaction: a line too many after a crash is a sound signature, a line too few is not noticed.
            with (self._home / FILE).open("a", encoding="ascii") as file:
                file.write(made.line)
                file.flush()
                os.fsync(file.fileno())
        return made

    def cut(self, before: int, by: By) -> int:
        """Drop the rows up to the newest checkpoint that was made before a time (microseconds); return how many.

        The checkpoint stays, and a row says what was cut: from there on the trail is whole.
        """
        self.checkpoint()
        with self._database.writing() as connection:
            newest = func.max(audit_checkpoints.c.number)
            number = connection.execute(select(newest).where(audit_checkpoints.c.time < before)).scalar_one()
            first = connection.execute(select(func.min(audit.c.number))).scalar_one()
            if number is None or first is None or first > number:
                return 0
            dropped = connection.execute(delete(audit).where(audit.c.number <= number)).rowcount
            connection.execute(delete(audit_checkpoints).where(audit_checkpoints.c.number < number))
            record(connection, by, "audit.cut", "audit", before={"first": first}, after={"first": number + 1})
        return int(dropped)

    def public_key(self) -> str:
        """Return the public key, 32 bytes in hexadecimal.  Raises `AuditKeyLost`."""
        return _raw(self._key().public_key())

    def _key(self) -> Ed25519PrivateKey:
        path = self._home / "keys" / "audit.key"
        if path.exists():
            return _read_key(path)
        public = path.with_suffix(".pub")
        if public.exists():
            raise AuditKeyLost(path=path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        making = path.with_name(f"audit.key.{os.getpid()}")
        handle = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(making, path)  # unlike a rename it fails where another process was first, whose key then counts
        except FileExistsError:
            key = _read_key(path)
        finally:
            making.unlink()
        public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return key

    # ---------------------------------------------------------------------------------------------- verification
    def verify(self) -> AuditReport:
        """Look at every row and checkpoint, and name what is not as it was written, in memory that does not grow."""
        key = self._public()
        found = _Found()
        with self._database.reading() as connection:
            # A checkpoint whose transaction was lost with a crash stands in the file alone, and is as good.
            signed = {one.number: one for one in self._in_file(key, found)}
            stored = {one.number: one for one in self._in_store(connection, key, found)}
            for number in stored.keys() - signed.keys():
                found.tell(number, f"its checkpoint is in the store and no longer in {FILE}")
            signed |= stored
            if key is None and signed:
                found.tell(0, "there are checkpoints, and the public key keys/audit.pub is gone")
            self._chain(connection, signed, found)
            self._end(connection, signed, found)
        return AuditReport(
            rows=found.rows,
            first=found.first,
            last=found.last,
            checkpoints=len(signed),
            faults=tuple(found.faults),
            public_key="" if key is None else _raw(key),
        )

    def _public(self) -> Ed25519PublicKey | None:
        try:
            key = load_pem_public_key((self._home / "keys" / "audit.pub").read_bytes())
        except (OSError, ValueError):
            return None
        return key if isinstance(key, Ed25519PublicKey) else None

    @staticmethod
    def _in_store(connection: Connection, key: Ed25519PublicKey | None, found: _Found) -> Iterator[Checkpoint]:
        for row in connection.execute(select(audit_checkpoints).order_by(audit_checkpoints.c.number)):
            one = Checkpoint(row.number, row.time, row.hash, row.signature)
            if key is not None and not _signed(key, one):
                found.tell(row.number, "the checkpoint's signature is not ours: it was changed, or forged")
            else:
                yield one

    @staticmethod
    def _chain(connection: Connection, signed: Mapping[int, Checkpoint], found: _Found) -> None:
        streaming = connection.execution_options(yield_per=STEP)
        previous, expected = FIRST, 1
        for row in streaming.execute(select(audit).order_by(audit.c.number)):
            if not found.rows:
                found.first = row.number
                if row.number != 1:
                    previous, expected = _after_cut(row.number, signed, found), row.number
            found.rows += 1
            if row.number != expected:
                missing = f"{expected}" if row.number == expected + 1 else f"{expected} to {row.number - 1}"
                found.tell(expected, f"rows are gone: {missing}")
            elif row.previous != previous:
                found.tell(row.number, "it does not follow the row before it: one was changed, put in or moved")
            if row_hash(row._asdict()) != row.hash:
                found.tell(row.number, "it was changed: its hash is another")
            checkpoint = signed.get(row.number)
            if checkpoint is not None and checkpoint.hash != row.hash:
                found.tell(row.number, "it is not the row that was signed: the trail was written anew")
            previous, expected = row.hash, row.number + 1
        found.last, found.hash = expected - 1, previous

    @staticmethod
    def _end(connection: Connection, signed: Mapping[int, Checkpoint], found: _Found) -> None:
        head = connection.execute(select(audit_head)).one_or_none()
        if head is None:
            found.tell(0, "the trail's head is gone")
        elif head.number > found.last:
            found.tell(found.last + 1, f"rows are gone at the end: {found.last + 1} to {head.number}")
        elif (head.number, head.hash) != (found.last, found.hash):
            found.tell(found.last, "the trail's head is not its last row: rows were put in, or the head was changed")
        newest = max(signed, default=0)
        if newest > found.last:
            found.tell(found.last + 1, f"row {newest} was signed, and the trail ends at {found.last}")

    def _in_file(self, key: Ed25519PublicKey | None, found: _Found) -> Iterator[Checkpoint]:
        try:
            lines = (self._home / FILE).read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return
        for at, line in enumerate(lines, 1):
            one = _read_line(line)
            if one is None or (key is not None and not _signed(key, one)):
                found.tell(0, f"line {at} of {FILE} is not ours: it was changed, or forged")
            else:
                yield one


class _Found:
    """What a verification has found so far."""

    def __init__(self) -> None:
        self.rows = self.first = self.last = 0
        self.hash = FIRST
        self.faults: list[Fault] = []

    def tell(self, row: int, what: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(row, what))


def _after_cut(first: int, signed: Mapping[int, Checkpoint], found: _Found) -> bytes:
    """Return the hash before the first row of a trail whose beginning was cut off."""
    checkpoint = signed.get(first - 1)
    if checkpoint is None:
        found.tell(1, f"rows are gone at the beginning: 1 to {first - 1}, and no checkpoint stands for them")
        return FIRST
    return checkpoint.hash


def _signed(key: Ed25519PublicKey, checkpoint: Checkpoint) -> bool:
    try:
        key.verify(checkpoint.signature, checkpoint.message)
    except InvalidSignature:
        return False
    return True


def _read_line(line: str) -> Checkpoint | None:
    pieces = line.split(" ")
    try:
        number, time, hashed, signature = pieces
        return Checkpoint(int(number), int(time), bytes.fromhex(hashed), bytes.fromhex(signature))
    except ValueError:
        return None


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError):
        raise AuditKeyLost(path=path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise AuditKeyLost(path=path)
    return key


def _raw(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
