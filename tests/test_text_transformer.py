"""A transformer in the taught model's place: a tiny one, made here, read by the real runtime."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from test_text_score import ALL, MENTIONS, build, read, run
from tokenizers import Tokenizer, models, pre_tokenizers

from pipeline.market import MarketError, load_market
from pipeline.text import score
from pipeline.text.sentiment import transformer
from pipeline.text.sentiment.transformer import Transformer, TransformerError

GOOD = ("lovely", "좋아요", "最高")
BAD = ("dreadful", "별로예요", "最悪")
TWO = {"0": "NEGATIVE", "1": "POSITIVE"}

LABELS = (
    TWO,
    {"0": "positive", "1": "negative"},
    {"0": "LABEL_0", "1": "LABEL_1"},
    {"0": "neg", "1": "neu", "2": "pos"},
    {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"},
    {"0": "1 star", "1": "2 stars", "2": "3 stars", "3": "4 stars", "4": "5 stars"},
    {"0": "부정", "1": "긍정"},
    {"0": "ポジティブ", "1": "ニュートラル", "2": "ネガティブ"},
)


def made(folder: Path, labels: Mapping[str, str] = TWO, outputs: int | None = None, **config: object) -> Path:
    """A classifier that adds up its words: embedding, mean over the mask, one linear layer that favours the better classes."""
    folder.mkdir(parents=True)
    words = ["[UNK]", "[PAD]", *GOOD, *BAD, ".", "room"]
    tokenizer = Tokenizer(models.Unigram([(word, -1.0 if n > 1 else -20.0) for n, word in enumerate(words)], unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"id2label": labels, **config}), encoding="utf-8")
    embedding = np.zeros((len(words), 2), dtype=np.float32)
    embedding[2:5, 0], embedding[5:8, 0] = 6, -6
    names = [label.lower() for label in labels.values()]
    falling = names[0] in ("positive", "ポジティブ")
    place = np.linspace(1, -1, len(names)) if falling else np.linspace(-1, 1, len(names))
    place = np.resize(place, outputs or len(names))
    weights = np.stack([place, np.zeros_like(place)]).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["embedding", "input_ids"], ["vectors"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["mask3"]),
        helper.make_node("Mul", ["vectors", "mask3"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "words"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["mask3", "words"], ["length"], keepdims=0),
        helper.make_node("Div", ["total", "length"], ["mean"]),
        helper.make_node("MatMul", ["mean", "weights"], ["logits"]),
    ]
    given = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "words"]) for name in ("input_ids", "attention_mask")
    ]
    said = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(place)])]
    constants = [
        numpy_helper.from_array(value, name)
        for name, value in (
            ("embedding", embedding),
            ("weights", weights),
            ("last", np.array([-1])),
            ("words", np.array([1])),
        )
    ]
    graph = helper.make_graph(nodes, "tiny", given, said, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), folder / "model.onnx")
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("models") / "tiny")


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: " ".join(labels.values()))
def test_labels_are_understood_in_the_ways_that_classifiers_name_them(tmp_path: Path, labels: Mapping[str, str]) -> None:
    found = Transformer(made(tmp_path / "m", labels)).logits([*GOOD, *BAD, "room"])
    assert (found[:3] > 1).all()
    assert (found[3:6] < -1).all()
    assert found[6] == 0


@pytest.mark.parametrize(
    "labels",
    [
        {"0": "sports", "1": "politics"},
        {"0": "LABEL_0"},
        {f"{n}": f"LABEL_{n}" for n in range(4)},
        {"0": "positive", "1": "pos"},
        {"1": "positive", "2": "negative"},
    ],
)
def test_labels_that_say_no_sentiment_are_refused(tmp_path: Path, labels: Mapping[str, str]) -> None:
    with pytest.raises(TransformerError, match=r"config\.json: expected id2label .*found"):
        transformer.check(made(tmp_path / "m", labels))


def test_any_text_has_a_finite_answer_and_the_same_one_in_any_company(tiny: Path) -> None:
    reader = Transformer(tiny)
    hostile = [
        "",
        " ",
        "\U0001f600" * 10_000,
        "A" * 100_000,
        "lovely " * 20_000,
        "\ud800 lovely",
        "\u202e\u200b",
        "<b>lovely</b>",
        "\0",
    ]
    found = reader.logits(hostile)
    assert np.isfinite(found).all()
    assert found[0] == found[1] == 0
    assert found[4] > 1
    assert [float(reader.logits([text])[0]) for text in hostile] == found.tolist()
    assert reader.logits([]).shape == (0,)


def test_a_text_is_read_up_to_its_bound(tmp_path: Path) -> None:
    short = Transformer(made(tmp_path / "m", max_position_embeddings=6))
    assert short.logits(["room room room room " + "dreadful " * 50])[0] == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.onnx", None, "expected a folder with .* found no model.onnx"),
        ("model.onnx", b"", "expected a whole ONNX model"),
        ("model.onnx", -40, "expected a whole ONNX model"),
        ("tokenizer.json", b"{}", "expected a tokenizer as Hugging Face writes it"),
        ("config.json", b"{", "expected a JSON object"),
        ("config.json", b"[]", "expected a JSON object"),
        ("config.json", b"{}", "expected id2label"),
    ],
)
def test_a_damaged_folder_is_refused_by_the_name_of_the_file(
    tmp_path: Path, name: str, content: bytes | int | None, said: str
) -> None:
    file = made(tmp_path / "m") / name
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content if isinstance(content, bytes) else file.read_bytes()[:content])
    with pytest.raises(TransformerError, match=said) as raised:
        Transformer(tmp_path / "m")
    assert str(tmp_path / "m") in str(raised.value)


def test_a_graph_of_other_classes_than_its_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TransformerError, match=r"shape \(texts, 2\).*found \(1, 3\)"):
        Transformer(made(tmp_path / "m", outputs=3))


def test_a_missing_extra_is_told_with_what_to_install(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformer.importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else name)
    with pytest.raises(TransformerError, match=r"expected onnxruntime .*pip install 'rivalscope\[transformer\]'"):
        transformer.check(tiny)


def test_its_version_is_that_of_its_files(tmp_path: Path) -> None:
    one, same = made(tmp_path / "a"), made(tmp_path / "b")
    assert transformer.version_of(one) == transformer.version_of(same)
    (same / "config.json").write_text(json.dumps({"id2label": {"0": "positive", "1": "negative"}}), encoding="utf-8")
    assert transformer.version_of(one) != transformer.version_of(same)


def labelled(arguments: Sequence[str], texts: Sequence[str]) -> subprocess.CompletedProcess[str]:
    given = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    command = [sys.executable, "-m", "pipeline.cli", "label", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.slow
def test_label_reads_the_languages_that_it_is_given_a_model_for(tiny: Path) -> None:
    texts = ["별로예요", "좋아요", "最悪です", "a lovely room"]
    done = labelled(["--model", f"ko={tiny}"], texts)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["sentiment"] for row in rows[:2]] == pytest.approx([-1, 1], abs=0.01)
    plain = [json.loads(line) for line in labelled([], texts).stdout.splitlines()]
    assert rows[2:] == plain[2:]
    english = json.loads(labelled(["--model", f"en={tiny}"], ["the dreadful lovely dreadful thing"]).stdout)
    assert english["label"] == "negative"


@pytest.mark.parametrize("given", ["ko", "korean=x", "ko=", "=x"])
def test_label_says_how_a_model_is_given(given: str) -> None:
    done = labelled(["--model", given], ["x"])
    assert done.returncode == 1
    assert "expected LANGUAGE=FOLDER" in done.stderr


@pytest.mark.slow
def test_the_score_room_reads_with_it_in_two_processes_as_in_one(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("좋아요", "별로예요", "방은 최고 좋아요")
    built = build(tmp_path / "b.duckdb", [(f"r{n:03}", f"{words[n % 3]} {n}호", float(n % 2)) for n in range(400)])
    said, _ = run(built, tmp_path / "one", transformers={"ko": tiny})
    assert not [line for line in said if "teaching" in line]
    before = read(built, ALL), read(built, MENTIONS)
    assert read(built, "select scorer, teacher_count from text.scorer where language = 'ko'") == [("transformer", 0)]
    assert read(built, "select count(*) from text.sentence where sentiment < -0.2")[0][0] > 100  # type: ignore[operator]
    said, _ = run(built, tmp_path / "one", transformers={"ko": tiny})
    assert "400 known, 0 to read" in said[0]
    monkeypatch.setattr(score, "_WORTH_WORKERS", 0)
    monkeypatch.setattr(score, "_CHUNK", 90)
    run(built, tmp_path / "two", transformers={"ko": tiny})
    assert (read(built, ALL), read(built, MENTIONS)) == before
    said, _ = run(built, tmp_path / "one")
    assert "400 to read" in said[0]


MARKET = """
id = "tea"
name = "Tea"
languages = ["en", "ko"]
[text]
models = { LANGUAGE = "models/ko" }
[[brands]]
id = "leaf"
name = "Leaf"
"""


def market(folder: Path, language: str) -> Path:
    file = folder / "tea.toml"
    file.write_text(MARKET.replace("LANGUAGE", language), encoding="utf-8")
    return file


def test_a_market_file_names_its_transformers_and_is_checked_as_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(MarketError, match=r"tea\.toml: text\.models\.ko: .*models/ko: expected a folder with config\.json"):
        load_market(market(tmp_path, "ko"))
    made(tmp_path / "models" / "ko")
    assert load_market(market(tmp_path, "ko")).transformers == {"ko": tmp_path / "models" / "ko"}
    with pytest.raises(MarketError, match=r"text\.models for the market's languages"):
        load_market(market(tmp_path, "ja"))
