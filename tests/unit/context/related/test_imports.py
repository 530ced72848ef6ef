"""Where imported modules are."""

import pytest

from lsp_server.context.related.imports import imported_files
from tests.unit.context.marks import snapshot


@pytest.mark.parametrize(
    ("language", "name", "text", "expected"),
    [
        ("python", "pkg/a.py", "import pkg.b\n", ["pkg/b.py"]),
        ("python", "pkg/a.py", "from pkg.b import x, y\n", ["pkg/b.py"]),
        (
            "python",
            "pkg/a.py",
            "from . import b\nfrom .sub import c\n",
            ["pkg/b.py", "pkg/sub/__init__.py", "pkg/sub/c.py"],
        ),
        ("python", "pkg/sub/c.py", "from ..b import (\n    x,\n    y as z,\n)\n", ["pkg/b.py"]),
        ("python", "main.py", "import lib as l, os\n", ["src/lib.py"]),
        ("python", "pkg/a.py", "from ........ import b\nfrom import x\nimport\n", []),
        ("python", "pkg/a.py", "import pkg.a\n", []),
        (
            "typescript",
            "web/a.ts",
            'import { x } from "./b";\nimport y from "../pkg/b"\n',
            ["web/b.ts"],
        ),
        (
            "typescript",
            "web/a.ts",
            'export * from "./b.js";\nimport "./part"\n',
            ["web/b.ts", "web/part/index.tsx"],
        ),
        ("javascript", "web/a.js", "const x = require('./b');\nrequire('react')\n", ["web/b.ts"]),
        ("c", "c/a.c", '#include "a.h"\n#include <stdio.h>\n', ["c/a.h"]),
        ("go", "a.go", 'import "./b"\n', []),
    ],
)
def test_imported_files(tmp_path, language, name, text, expected):
    files = ["pkg/a.py", "pkg/b.py", "pkg/sub/__init__.py", "pkg/sub/c.py", "src/lib.py", "main.py"]
    files += ["web/a.ts", "web/a.js", "web/b.ts", "web/part/index.tsx", "c/a.c", "c/a.h"]
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("", encoding="utf-8")
    root = tmp_path.resolve()
    found = imported_files(snapshot(text, language), language, root / name, (root,))
    assert [file.relative_to(root).as_posix() for file in found] == expected
