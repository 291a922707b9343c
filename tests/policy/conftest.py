"""What the policy tests share: the tree's files, read once. No server, no build and no git are needed."""

import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests"))
SKIPPED_FOLDERS = {".git", "build", ".venv", ".sandbox", ".cache", "__pycache__", "node_modules", "corpus", "work"}
TEXT_SUFFIXES = {"", ".h", ".cc", ".cmake", ".txt", ".md", ".py", ".sh", ".yaml", ".yml", ".toml", ".json", ".sql", ".js",
                 ".service", ".cfg"}


def walk(folder: Path):
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in SKIPPED_FOLDERS:
                yield from walk(path)
        elif path.suffix in TEXT_SUFFIXES:
            yield path


class Tree:
    """Files by their path from the root, as text."""

    def __init__(self):
        self.texts = {}
        for path in walk(REPO):
            try:
                self.texts[path.relative_to(REPO).as_posix()] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue

    def cpp(self, under="src/"):
        return {name: text for name, text in self.texts.items()
                if name.startswith(under) and name.endswith((".h", ".cc"))}

    def code(self):
        """Everything that people write as code, in any language."""
        suffixes = (".h", ".cc", ".py", ".sh", ".cmake", "CMakeLists.txt")
        return {name: text for name, text in self.texts.items()
                if name.endswith(suffixes) or name.startswith(("script/", ".ci/"))}


@pytest.fixture(scope="session")
def tree():
    return Tree()


@pytest.fixture(scope="session")
def repo():
    return REPO


def lines_matching(texts, pattern):
    """ "file:line: text" of each line that the compiled pattern finds."""
    return [f"{name}:{number}: {line.strip()}"
            for name, text in texts.items()
            for number, line in enumerate(text.splitlines(), start=1) if pattern.search(line)]
