"""Tables and the JSON beside them."""

import json

from benchmarks import table


def test_texts_left_and_numbers_right():
    rows = [
        {"way": "auto", "pass@1": 0.5, "null": 0, "x bare": None},
        {"way": "spm+heal", "pass@1": 0.25, "null": 12, "x bare": 1.0},
    ]
    assert table.as_text(rows).splitlines() == [
        "way       pass@1  null  x bare",
        "auto       0.500     0       -",
        "spm+heal   0.250    12   1.000",
    ]


def test_json_is_written_with_its_folder(tmp_path):
    path = tmp_path / "new" / "result.json"
    table.write_json(path, {"text": "é"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"text": "é"}
