"""One of the peers, in a process of its own: learns, predicts, and prints what it took.

Usage: python classifiers.py NAME TRAIN TEST
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from data import read

Predict = Callable[[Sequence[str]], Sequence[str]]
Learn = Callable[[Sequence[str], Sequence[str]], Predict]


def scikit_learn(classifier: Callable[[], Any]) -> Learn:
    """TF-IDF of words (1-2) and of characters within words (3-5), then a linear classifier."""

    def learn(texts: Sequence[str], labels: Sequence[str]) -> Predict:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline, make_union

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
        return make_pipeline(make_union(words, grams), classifier()).fit(texts, labels).predict

    return learn


def svm() -> Any:
    from sklearn.svm import LinearSVC

    return LinearSVC()


def logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10, max_iter=1000)


def fasttext(texts: Sequence[str], labels: Sequence[str]) -> Predict:
    """fastText with word pairs and character n-grams, which it needs where texts are few."""
    import fasttext as library

    names = sorted(set(labels))
    numbers = {name: number for number, name in enumerate(names)}
    one_line = [" ".join(text.split()) for text in texts]
    with TemporaryDirectory() as folder:
        path = Path(folder, "train.txt")
        rows = (f"__label__{numbers[label]} {text}\n" for label, text in zip(labels, one_line))
        path.write_text("".join(rows), encoding="utf-8")
        model = library.train_supervised(
            str(path), lr=0.5, epoch=25, wordNgrams=2, minn=3, maxn=5, bucket=500_000,
            thread=int(os.environ["OMP_NUM_THREADS"]), seed=1, verbose=0,
        )  # fmt: skip

    def predict(texts: Sequence[str]) -> list[str]:
        found, _ = model.predict([" ".join(text.split()) for text in texts])
        return [names[int(label[0].removeprefix("__label__"))] if label else "" for label in found]

    return predict


PEERS: dict[str, Learn] = {
    "scikit-learn, LinearSVC": scikit_learn(svm),
    "scikit-learn, LogisticRegression": scikit_learn(logistic),
    "fastText": fasttext,
}


def main(name: str, train: str, test: str) -> None:
    known, asked = read(Path(train)), read(Path(test))
    texts, questions = (
        [f"{letter['subject']}\n{letter['body']}" for letter in part] for part in (known, asked)
    )
    start = time.perf_counter()
    predict = PEERS[name](texts, [letter["category"] for letter in known])
    learnt = time.perf_counter()
    predicted = predict(questions)
    done = time.perf_counter()
    from sklearn.metrics import accuracy_score, f1_score

    truth = [letter["category"] for letter in asked]
    print(
        json.dumps(
            {
                "accuracy": float(accuracy_score(truth, predicted)),
                "macro_f1": float(f1_score(truth, predicted, average="macro", zero_division=0)),
                "seconds": learnt - start,
                "per_second": len(asked) / (done - learnt),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
