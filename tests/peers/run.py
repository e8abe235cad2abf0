#!/usr/bin/env python3
"""Makes the virtual environment where it is missing, then runs `compare.py` in it.

Usage: python3 tests/peers/run.py [arguments of compare.py]
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parents[1] / "target" / "peers" / "venv"


def environment() -> Path:
    """The Python of the environment, which is made or brought up to date when needed."""
    python = ENVIRONMENT / "bin" / "python"
    wanted = (HERE / "requirements.txt").read_text()
    mark = ENVIRONMENT / "installed.txt"
    if not (python.exists() and mark.exists() and mark.read_text() == wanted):
        venv.create(ENVIRONMENT, clear=True, symlinks=True, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(HERE / "requirements.txt")], check=True)
        mark.write_text(wanted)
    return python


if __name__ == "__main__":
    python = environment()
    os.execv(python, [str(python), str(HERE / "compare.py"), *sys.argv[1:]])
