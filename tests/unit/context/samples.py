"""A long file in each language: an import, then functions that each take some lines."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    language_id: str
    opening: str
    function: str  # {n} is its number
    closing: str = ""
    functions: int = 40

    @property
    def text(self) -> str:
        functions = [self.function.replace("{n}", str(n)) for n in range(self.functions)]
        return self.opening + "\n".join(functions) + self.closing

    @property
    def imported(self) -> str:
        """The line that imports something."""
        words = ("import ", "require", "#include ", "use ", "using ", "source ")
        return next(line for line in self.opening.splitlines() if any(w in line for w in words))


_BODY = "".join(f"    total = total + count * {n};\n" for n in range(6))
_GO_BODY = _BODY.replace(";", "").replace("    ", "\t")

SAMPLES = {
    "python": Sample(
        "python",
        "import os\n\n\n",
        "def work_{n}(count, total):\n" + _BODY.replace(";", "") + "    return total\n\n",
    ),
    "javascript": Sample(
        "javascript",
        'import { a } from "a";\n\n',
        "export function work{n}(count, total) {\n" + _BODY + "}\n",
    ),
    "typescript": Sample(
        "typescript",
        'import { a } from "a";\n\n',
        "function work{n}(count: number, total: number): void {\n" + _BODY + "}\n",
    ),
    "typescriptreact": Sample(
        "typescriptreact",
        'import { a } from "a";\n\n',
        "const Work{n} = (total: number) => {\n" + _BODY + "  return <p>{total}</p>;\n};\n",
    ),
    "c": Sample(
        "c",
        "#include <stdio.h>\n\n",
        "static void work_{n}(int count, int total)\n{\n" + _BODY + "}\n",
    ),
    "cpp": Sample(
        "cpp",
        "#include <vector>\n\nnamespace work {\n",
        "template <typename T>\nvoid work_{n}(int count, T total) {\n" + _BODY + "}\n",
        "}  // namespace work\n",
    ),
    "go": Sample(
        "go",
        'package work\n\nimport "fmt"\n\n',
        "func work{n}(count int, total int) {\n" + _GO_BODY + "}\n",
    ),
    "rust": Sample(
        "rust",
        "use std::fmt;\n\nimpl Work {\n",
        "fn work_{n}(&self, count: u32, total: u32) -> u32 {\n" + _BODY + "    total\n}\n",
        "}\n",
    ),
    "java": Sample(
        "java",
        "import java.util.List;\n\nclass Work {\n",
        "    void work{n}(int count, int total) {\n" + _BODY + "    }\n",
        "}\n",
    ),
    "csharp": Sample(
        "csharp",
        "using System;\n\nnamespace Work;\n\nclass Work\n{\n",
        "    void Work{n}(int count, int total)\n    {\n" + _BODY + "    }\n",
        "}\n",
    ),
    "ruby": Sample(
        "ruby",
        'require "set"\n\nclass Work\n',
        "  def work_{n}(count, total)\n" + _BODY.replace(";", "") + "  end\n",
        "end\n",
    ),
    "php": Sample(
        "php",
        "<?php\n\nuse Some\\Thing;\n\n",
        "function work{n}($count, $total) {\n"
        + _BODY.replace("total", "$total").replace("count", "$count")
        + "}\n",
    ),
    "shellscript": Sample(
        "shellscript",
        "#!/bin/bash\nsource common.sh\n\n",
        "work_{n}() {\n" + "".join(f'    echo "$1" {n} > total\n' for n in range(6)) + "}\n",
    ),
    "lua": Sample(
        "lua",
        'local a = require("a")\n\n',
        "local function work_{n}(count, total)\n" + _BODY.replace(";", "") + "end\n",
    ),
    "kotlin": Sample(
        "kotlin",
        "package work\n\nimport java.util.Date\n\nclass Work {\n",
        "    fun work{n}(count: Int, total: Int): Int {\n" + _BODY + "    }\n",
        "}\n",
    ),
    "swift": Sample(
        "swift",
        "import Foundation\n\nstruct Work {\n",
        "    func work{n}(count: Int, total: Int) -> Int {\n" + _BODY + "    }\n",
        "}\n",
    ),
    "scala": Sample(
        "scala",
        "package work\n\nimport java.util.Date\n\nclass Work {\n",
        "  def work{n}(count: Int, total: Int): Int = {\n" + _BODY.replace(";", "") + "  }\n",
        "}\n",
    ),
    "haskell": Sample(
        "haskell",
        "module Work where\n\nimport Data.List (sort)\n\n",
        "work{n} count total = do\n" + "".join(f"  print (total + {n})\n" for n in range(6)),
    ),
}

# Languages without bodies to leave out: a line that says where what follows is, and its rows.
DATA = {
    "html": (
        '<html>\n<body>\n<div class="outer">\n',
        '<p class="a">row {n}</p>\n',
        "</div>\n</body>\n</html>\n",
    ),
    "css": ("@media print {\n", "  .row{n} { color: red; }\n", "}\n"),
    "json": ('{\n  "outer": {\n', '    "row{n}": [1, 2],\n', '    "last": 1\n  }\n}\n'),
    "yaml": ("first: 1\nouter:\n", "  row{n}: value\n", ""),
    "toml": ("[outer]\n", "row{n} = 1\n", ""),
    "sql": ("CREATE TABLE outer_rows (\n", "  row{n} int,\n", "  last int\n);\n"),
}

# How a function of the sample reads once its body is left out.
ELIDED = {
    "python": "def work_{n}(count, total):\n    ...\n",
    "javascript": "export function work{n}(count, total) { /* ... */ }\n",
    "typescript": "function work{n}(count: number, total: number): void { /* ... */ }\n",
    "typescriptreact": "const Work{n} = (total: number) => { /* ... */ };\n",
    "c": "static void work_{n}(int count, int total)\n{ /* ... */ }\n",
    "cpp": "template <typename T>\nvoid work_{n}(int count, T total) { /* ... */ }\n",
    "go": "func work{n}(count int, total int) { /* ... */ }\n",
    "rust": "fn work_{n}(&self, count: u32, total: u32) -> u32 { /* ... */ }\n",
    "java": "    void work{n}(int count, int total) { /* ... */ }\n",
    "csharp": "    void Work{n}(int count, int total)\n    { /* ... */ }\n",
    "ruby": "  def work_{n}(count, total)\n    # ...\n  end\n",
    "php": "function work{n}($count, $total) { /* ... */ }\n",
    "shellscript": "work_{n}() { : ...; }\n",
    "lua": "local function work_{n}(count, total)\n    -- ...\nend\n",
    "kotlin": "    fun work{n}(count: Int, total: Int): Int { /* ... */ }\n",
    "swift": "    func work{n}(count: Int, total: Int) -> Int { /* ... */ }\n",
    "scala": "  def work{n}(count: Int, total: Int): Int = { /* ... */ }\n",
    "haskell": "work{n} count total = undefined\n",
}
