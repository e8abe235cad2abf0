"""The data sets, brought to one form: `train.jsonl` and `test.jsonl` as Postbud reads them."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict


class Letter(TypedDict):
    """A labelled letter."""

    id: str
    subject: str
    body: str
    category: str


def read(path: Path) -> list[Letter]:
    """Letters of a file of JSON Lines, whichever of both spellings of the keys it has."""
    letters: list[Letter] = []
    with path.open(encoding="utf-8") as file:
        for line in filter(str.strip, file):
            value = json.loads(line)
            letters.append(
                {
                    "id": value.get("id", ""),
                    "subject": value.get("subject", ""),
                    "body": value.get("body", value.get("text", "")),
                    "category": value.get("category", value.get("label", "")),
                }
            )
    return letters


def massive(folder: Path) -> tuple[list[Letter], list[Letter]]:
    """MASSIVE as JSON Lines in its official split; the validation part is trained on as well."""
    known = read(folder / "train.jsonl") + read(folder / "valid.jsonl")
    return known, read(folder / "test.jsonl")


def news(path: Path) -> tuple[list[Letter], list[Letter]]:
    """20 Newsgroups in its official split by date: the archive, or a folder it was unpacked to."""
    parts: dict[str, list[Letter]] = {"train": [], "test": []}
    messages = sorted(_archive(path) if path.is_file() else _folder(path))
    for name, raw in messages:
        part, group, number = name.split("/")[-3:]
        head, _, body = raw.decode("latin-1").partition("\n\n")
        subjects = [line[9:] for line in head.splitlines() if line.startswith("Subject: ")]
        letter: Letter = {
            "id": f"{group}/{number}",
            "subject": subjects[0] if subjects else "",
            "body": body,
            "category": group,
        }
        parts[part.rpartition("-")[2]].append(letter)
    return parts["train"], parts["test"]


def _archive(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file and "20news-bydate-" in member.name:
                yield member.name, file.read()


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in path.glob("20news-bydate-t*/*/*"):
        yield file.relative_to(path).as_posix(), file.read_bytes()


def letters(path: Path) -> tuple[list[Letter], list[Letter]]:
    """Letters of a municipality; a fifth of them, chosen by their ids, is kept out of training."""
    known: list[Letter] = []
    kept: list[Letter] = []
    for letter in read(path):
        digest = hashlib.sha256(letter["id"].encode()).digest()
        (kept if digest[0] < 256 // 5 else known).append(letter)
    return known, kept


def write(path: Path, rows: Iterable[Letter]) -> None:
    """Writes letters as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
