"""A transformer in the taught model's place: any Hugging Face sequence classifier, exported to ONNX, from a folder on this machine.

The folder holds `config.json` (with `id2label`), `tokenizer.json` and `model.onnx`, as `optimum-cli export onnx` writes them. Nothing is
downloaded, and no code of the folder is run. Needs the extra `transformer`.
"""

import hashlib
import importlib.util
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

Floats = npt.NDArray[np.float32]

MAX_TOKENS = 256
"""Of a text that are read; with special tokens. The cost of attention grows with their square, and a sentence seldom has 60."""

MAX_CHARS = 2_000
"""Code points that the tokenizer is given: what is beyond them cannot be among the first `MAX_TOKENS` tokens of ordinary text."""

BATCH = 32
"""Texts of about the same length that are read at a time."""

_EXTRA = "Install the extra: pip install 'rivalscope[transformer]'."

_FILES = ("config.json", "tokenizer.json", "model.onnx")

_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}

_GOODNESS = {
    **dict.fromkeys(("positive", "pos", "긍정", "ポジティブ", "肯定的"), 1.0),
    **dict.fromkeys(("neutral", "neu", "mixed", "중립", "ニュートラル", "中立"), 0.5),
    **dict.fromkeys(("negative", "neg", "부정", "ネガティブ", "否定的"), 0.0),
}

_STARS = re.compile(r"([1-9]|10)[ _-]?stars?")
_NUMBERED = re.compile(r"label_(\d)")

_NUMBERED_KNOWN = {2: "negative, positive", 3: "negative, neutral, positive", 5: "1 to 5 stars"}
"""What LABEL_0, LABEL_1, … mean by custom, by how many there are."""


class TransformerError(ValueError):
    """The folder holds no classifier that can be used. The message names the file, what was expected and what was found."""


def check(folder: Path) -> None:
    """Raises `TransformerError` where the extra is missing, or the folder is visibly no classifier of sentiment; loads nothing."""
    if missing := [name for name in ("onnxruntime", "tokenizers") if importlib.util.find_spec(name) is None]:
        raise TransformerError(f"{folder}: expected {' and '.join(missing)} to read a transformer with, found none. {_EXTRA}")
    if missing := [name for name in _FILES if not (folder / name).is_file()]:
        raise TransformerError(f"{folder}: expected a folder with {', '.join(_FILES)}, found no {' and no '.join(missing)}.")
    _goodness(_config(folder), folder)


def version_of(folder: Path) -> str:
    """SHA-256 of every file that its answers depend on, weights kept beside the graph among them."""
    digest = hashlib.sha256(f"{MAX_TOKENS} {MAX_CHARS}".encode())
    kept = {folder / name for name in _FILES} | set(folder.glob("*.onnx_data")) | set(folder.glob("*.onnx.data"))
    for path in sorted(kept):
        with path.open("rb") as file:
            digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


class Transformer:
    """A `Classifier` (see `scores`), on one thread of the processor: the room has its own worker processes."""

    def __init__(self, folder: Path) -> None:
        """Raises TransformerError; reads one text to see that graph, tokenizer and labels fit."""
        check(folder)
        config = _config(folder)
        self._folder = folder
        self._goodness = _goodness(config, folder)
        self._tokenizer = _tokenizer(folder)
        self._tokenizer.no_padding()
        # RoBERTa's kin count positions from 2.
        room = config.get("max_position_embeddings")
        self._tokenizer.enable_truncation(min(MAX_TOKENS, room - 2 if isinstance(room, int) and room > 2 else MAX_TOKENS))
        pad = config.get("pad_token_id")
        self._pad = pad if isinstance(pad, int) else 0
        self._session = _session(folder)
        self._inputs = [each.name for each in self._session.get_inputs()]
        if "input_ids" not in self._inputs or not _INPUTS.issuperset(self._inputs):
            raise TransformerError(
                f"{folder / 'model.onnx'}: expected the inputs input_ids, attention_mask and perhaps token_type_ids, "
                f"found {', '.join(self._inputs) or 'none'}."
            )
        self.logits(["a ."])

    def judged(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """`logits`, and no doubt for a lexicon to fill: it corrects a model of few teachers, and this one has read more than any market has."""
        return self.logits(texts), np.zeros(len(texts), dtype=np.float32)

    def logits(self, texts: Sequence[str]) -> Floats:
        """Log-odds of positive for each text; 0 for one without a token. A neutral class counts half for either side, stars by
        their place."""
        out = np.zeros(len(texts), dtype=np.float32)
        # A lone surrogate is no text to a tokenizer.
        read = self._tokenizer.encode_batch([text[:MAX_CHARS].encode("utf-8", "replace").decode() for text in texts])
        # Texts of like length together: little padding, and no text waits for a long one.
        order = sorted((i for i, one in enumerate(read) if one.ids), key=lambda i: (len(read[i].ids), i))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            out[chosen] = self._log_odds([read[i] for i in chosen])
        return out

    def _log_odds(self, read: Sequence[Any]) -> Floats:
        longest = max(len(one.ids) for one in read)
        given = {
            "input_ids": np.full((len(read), longest), self._pad, dtype=np.int64),
            "attention_mask": np.zeros((len(read), longest), dtype=np.int64),
            "token_type_ids": np.zeros((len(read), longest), dtype=np.int64),
        }
        for row, one in enumerate(read):
            given["input_ids"][row, : len(one.ids)] = one.ids
            given["attention_mask"][row, : len(one.ids)] = 1
            given["token_type_ids"][row, : len(one.ids)] = one.type_ids
        try:
            said = np.asarray(self._session.run(None, {name: given[name] for name in self._inputs})[0], dtype=np.float64)
        except _onnx_errors() as error:
            raise TransformerError(
                f"{self._folder / 'model.onnx'}: expected a graph that takes the tokens of tokenizer.json, found {error}."
            ) from error
        if said.shape != (len(read), len(self._goodness)):
            raise TransformerError(
                f"{self._folder / 'model.onnx'}: expected logits of shape (texts, {len(self._goodness)}), as config.json names "
                f"{len(self._goodness)} labels, found {said.shape}."
            )
        chance = np.exp(said - said.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        good = np.clip(chance @ self._goodness, 1e-7, 1 - 1e-7)
        # Rounded, so that the texts that are read beside one cannot change its score.
        found: Floats = np.round(np.nan_to_num(np.log(good / (1 - good))), 3).astype(np.float32)
        return found


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise TransformerError(f"{path}: expected a JSON object, found {error}.") from error
    if not isinstance(config, dict):
        raise TransformerError(f"{path}: expected a JSON object, found {type(config).__name__}.")
    return config


def _goodness(config: Mapping[str, Any], folder: Path) -> npt.NDArray[np.float64]:
    """How good each class is, 0..1, in the order of the graph's outputs."""
    path = folder / "config.json"
    named = config.get("id2label")
    if not isinstance(named, dict) or sorted(named, key=str) != sorted(map(str, range(len(named)))) or len(named) < 2:
        raise TransformerError(f'{path}: expected id2label with the ids "0", "1", … and a label for each, found {named!r:.200}.')
    labels = [str(named[str(number)]).strip().lower() for number in range(len(named))]
    if all(label in _GOODNESS for label in labels) and {0.0, 1.0} <= {_GOODNESS[label] for label in labels}:
        return np.array([_GOODNESS[label] for label in labels])
    stars = [match for label in labels if (match := _STARS.fullmatch(label))]
    if len(stars) == len(labels) and sorted(int(m[1]) for m in stars) == list(range(1, len(labels) + 1)):
        return np.array([(int(match[1]) - 1) / (len(labels) - 1) for match in stars])
    numbered = [match for label in labels if (match := _NUMBERED.fullmatch(label))]
    if len(labels) in _NUMBERED_KNOWN and [int(m[1]) for m in numbered] == list(range(len(labels))):
        return np.linspace(0, 1, len(labels))
    custom = "; ".join(f"LABEL_0.. for {meaning}" for meaning in _NUMBERED_KNOWN.values())
    raise TransformerError(
        f'{path}: expected id2label to name positive and negative (and neutral), or "1 star" .. "5 stars", or {custom}; '
        f"found {', '.join(map(repr, labels)):.200}. Correct the labels there to what the model was trained for."
    )


def _tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer  # noqa: PLC0415  an extra, and slow to import

    path = folder / "tokenizer.json"
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        raise TransformerError(f"{path}: expected a tokenizer as Hugging Face writes it, found {error}.") from error


def _session(folder: Path) -> Any:
    import onnxruntime  # noqa: PLC0415  as above

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what matters is raised
    try:
        return onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    except _onnx_errors() as error:
        raise TransformerError(f"{folder / 'model.onnx'}: expected a whole ONNX model, found {error}.") from error


def _onnx_errors() -> tuple[type[Exception], ...]:
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # noqa: PLC0415  as above

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "NotImplemented", "RuntimeException")
    return tuple(getattr(state, name) for name in names)
