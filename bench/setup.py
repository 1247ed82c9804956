"""Makes the benchmark's own environment, bench/.env: tutela from this tree, and the peers it is measured against."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = ("pdqhash==0.2.8", "threatexchange==1.2.17", "faiss-cpu==1.15.1", "scikit-learn==1.9.1")


def main() -> None:
    """Create the environment once, then bring the peers and tutela in it up to date."""
    python = HERE / ".env" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(HERE / ".env")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--upgrade", "pip"], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEERS], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", f"{HERE.parent}[demo,server]"], check=True)


if __name__ == "__main__":
    main()
