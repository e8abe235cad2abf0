"""Postbud beside scikit-learn and fastText on the same files in the same run, as one table."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import data
from classifiers import PEERS

ROOT = Path(__file__).resolve().parents[2]
SETS = {"massive_da": data.massive, "20news": data.news, "letters": data.letters}
HEADINGS = (
    "set", "classifier", "accuracy %", "macro-F1 %", "training s", "letters/s", "peak MiB",
    "training ×", "letters/s ×", "memory ×",
)  # fmt: skip


@dataclass
class Figures:
    """What one classifier reached on one set; `per_second` is missing where it was not timed."""

    accuracy: float
    macro_f1: float
    seconds: float
    per_second: float | None
    mebibytes: float


def child(command: Sequence[str], threads: int) -> tuple[str, float, float]:
    """Runs a program alone: what it printed, its seconds, and its largest memory in MiB."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
    settings = os.environ | dict.fromkeys(names, str(threads))
    start = perf_counter()
    with TemporaryDirectory() as folder:
        errors = Path(folder, "errors")
        with errors.open("wb") as sink:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=sink, env=settings, text=True
            )
            assert process.stdout is not None
            printed = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            tail = errors.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}\n{tail}")
    return printed, perf_counter() - start, usage.ru_maxrss / 1024


def peer(name: str, train: Path, test: Path, threads: int) -> Figures:
    """Figures of scikit-learn or fastText."""
    script = str(Path(__file__).with_name("classifiers.py"))
    command = [sys.executable, script, name, str(train), str(test)]
    printed, _, mebibytes = child(command, threads)
    return Figures(**json.loads(printed.splitlines()[-1]), mebibytes=mebibytes)


def postbud(program: Path, train: Path, test: Path, words: Path | None, threads: int) -> Figures:
    """Figures of Postbud: its training includes cross-validation, calibration and evaluation."""
    with TemporaryDirectory() as folder:
        model = str(Path(folder, "model"))
        learn = [str(program), "train", "--letters", str(train), "--out", model]
        learn += ["--threads", str(threads), "--json"]
        learn += ["--words", str(words)] if words else []
        _, seconds, trained = child(learn, threads)
        use = ["--model", model, "--letters", str(test), "--json"]
        printed, _, judged = child([str(program), "evaluate", *use], threads)
        report = json.loads(printed)
        rate = None
        try:
            asked = ["bench", "model", "--letters", str(train), "--test", str(test), "--json"]
            printed, _, _ = child([str(program), *asked], threads)
            rate = float(json.loads(printed)["texts_per_second"])
        except (RuntimeError, ValueError, KeyError) as error:
            print(f"  letters/s left out: {error}")
    return Figures(report["accuracy"], report["macro_f1"], seconds, rate, max(trained, judged))


def attempt(
    measured: dict[str, Figures], title: str, judge: Callable[..., Figures], *of: object
) -> None:
    """Adds the figures of one classifier; one that fails is named and left out."""
    try:
        measured[title] = judge(*of)
    except (OSError, RuntimeError, ValueError, LookupError, TypeError) as error:
        print(f"  {title} left out: {error}", flush=True)
    else:
        print(f"  {title} is done", flush=True)


def rows(name: str, measured: dict[str, Figures]) -> list[list[str]]:
    """Rows of the table; the ratios say how many times Postbud's figure each figure is."""
    own = measured.get("Postbud")
    out = []
    for classifier, it in measured.items():
        ratios = ["", "", ""]
        if own:
            pairs = (
                (it.seconds, own.seconds),
                (it.per_second, own.per_second),
                (it.mebibytes, own.mebibytes),
            )
            ratios = [f"{its / ours:.2f}" if its and ours else "–" for its, ours in pairs]
        rate = f"{it.per_second:,.0f}" if it.per_second else "–"
        quality = [f"{100 * it.accuracy:.1f}", f"{100 * it.macro_f1:.1f}"]
        cost = [f"{it.seconds:.1f}", rate, f"{it.mebibytes:,.0f}"]
        out.append([name, classifier, *quality, *cost, *ratios])
    return out


def arguments() -> argparse.Namespace:
    shared = ROOT.parent / "shared" / "data"
    parser = argparse.ArgumentParser(description=__doc__, prog="run.py")
    paths = {
        "--massive-da": (shared / "massive_da", "folder with train, valid and test.jsonl"),
        "--20news": (shared / "20news-bydate.tar.xz", "20news-bydate: archive or folder"),
        "--letters": (ROOT / "models/klitkobing/letters.jsonl", "labelled letters"),
        "--postbud": (ROOT / "target/release/postbud", "the program, built for release"),
    }
    for option, (path, meaning) in paths.items():
        parser.add_argument(option, type=Path, default=path, help=meaning)
    parser.add_argument("--words", type=Path, help="words for Postbud's mailboxes (letters only)")
    parser.add_argument("--threads", type=int, default=1, help="for every classifier (1)")
    parser.add_argument("--only", choices=[*SETS], action="append", help="one set, or several")
    return parser.parse_args()


def measure(name: str, path: Path, args: argparse.Namespace) -> dict[str, Figures]:
    """Every classifier on one set."""
    known, asked = SETS[name](path)
    print(f"{name}: {len(known)} letters to learn from, {len(asked)} to judge with", flush=True)
    measured: dict[str, Figures] = {}
    with TemporaryDirectory() as folder:
        train, test = Path(folder, "train.jsonl"), Path(folder, "test.jsonl")
        data.write(train, known)
        data.write(test, asked)
        if args.postbud.exists():
            own: list[tuple[str, Path | None]] = [("Postbud", None)]
            if args.words and name == "letters":
                own.append(("Postbud with words", args.words))
            for title, words in own:
                attempt(measured, title, postbud, args.postbud, train, test, words, args.threads)
        else:
            print(f"  skipped: Postbud is not at {args.postbud}; cargo build --release -p postbud")
        for classifier in PEERS:
            attempt(measured, classifier, peer, classifier, train, test, args.threads)
    return measured


def main() -> None:
    args = arguments()
    table: list[list[str]] = []
    for name in args.only or SETS:
        path = getattr(args, name)
        if path.exists():
            table += rows(name, measure(name, path, args))
        else:
            print(f"skipped: {name} is not at {path}")
    day = datetime.datetime.now(datetime.UTC).date()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"\nMeasured {day}, {args.threads} thread(s) each, on {machine}.\n")
    right = [":--"] * 2 + ["--:"] * (len(HEADINGS) - 2)
    for row in (list(HEADINGS), right, *table):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
