"""Bring Debian packages to this machine without installing them: `apt-get download`, then `dpkg-deb --extract`.

Needs a Debian (or Debian-like) system with a package list (`apt-get update`); no root.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


class AptMissingError(Exception):
    """`apt-get` or `dpkg-deb` is not there: this is not a Debian-like system."""


class PackageUnavailableError(Exception):
    """apt could not deliver the package: unknown to its lists, or no way to reach the archive."""


def check_tools() -> None:
    """Raise `AptMissingError` unless apt and dpkg-deb can be run."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise AptMissingError(tool)


def download(name: str, folder: Path, version: str | None = None) -> Path:
    """Give the package's file in ``folder``, downloading it unless it is there already.

    apt itself checks the archive's signature and the file's checksum.  Raises `PackageUnavailableError` with apt's
    own words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = _downloaded(name, folder, version)
    if there is not None:
        return there
    wanted = f"{name}={version}" if version else name
    partial = folder / f".{name}.part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    done = subprocess.run(
        ["apt-get", "download", "-q", wanted], cwd=partial, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise PackageUnavailableError(_complaint(done.stderr))
    package = next(partial.glob("*.deb"))
    target = folder / package.name
    package.replace(target)
    partial.rmdir()
    return target


def extract(package: Path, folder: Path) -> None:
    """Unpack a package's files below ``folder`` (which is made); nothing of it is run."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dpkg-deb", "--extract", str(package), str(folder)], check=True)


def _downloaded(name: str, folder: Path, version: str | None) -> Path | None:
    # apt names its files NAME_VERSION_ARCHITECTURE.deb and writes the colon of an epoch as %3a.
    pattern = f"{name}_{version.replace(':', '%3a')}_*.deb" if version else f"{name}_*.deb"
    return next(iter(sorted(folder.glob(pattern))), None)


def _complaint(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith("E:")]
    # An address in apt's message says which mirror this machine uses: nobody's business.
    words = [word for word in (lines[0] if lines else "apt-get failed").split() if "://" not in word]
    return " ".join(words)
