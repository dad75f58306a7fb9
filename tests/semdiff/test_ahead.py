"""Two processes that read give the answer of one."""

import msgspec
import pytest

from monocyte.semdiff import ahead
from monocyte.semdiff.difference import Options, difference
from monocyte.semdiff.sources import Tree, from_texts
from monocyte.semdiff.workers.twin import Twin

OLD = {
    "a.py": "import b\n\ndef f(x):\n    return b.g(x) == 1\n",
    "b.py": "def g(x):\n    return x + 1\n",
    "reader.py": "import inspect\nimport a\n\ndef shows():\n    return inspect.getsource(a.f)\n",
}
CASES = {
    "a comparison": {"a.py": OLD["a.py"].replace("==", "!=")},
    "a comment": {"a.py": "# more\n" + OLD["a.py"]},
    "a capability": {"b.py": "def g(x):\n    return open(x).read()\n"},
    "a file that cannot be read": {"b.py": "def g(:\n"},
    "a file more": {"c.py": "import subprocess\n\ndef run(x):\n    subprocess.run(x)\n"},
}


def _told(old: Tree, new: Tree) -> bytes:
    found = difference(old, new, Options(run=False))
    return msgspec.json.encode(msgspec.structs.replace(found, seconds=0.0))


@pytest.mark.parametrize("case", CASES)
def test_two_processes_find_what_one_finds(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads, the answer is the same to the last byte."""
    old, new = from_texts(OLD), from_texts(OLD | CASES[case])
    alone = _told(old, new)
    taken: list[str] = []

    class Seen(Twin):
        def take(self, name: str) -> bytes:
            taken.append(name)
            return super().take(name)

    monkeypatch.setattr(ahead, "LARGE", 0)
    monkeypatch.setattr(ahead, "may_fork", lambda: True)
    monkeypatch.setattr(ahead, "Twin", Seen)
    assert _told(old, new) == alone
    assert (ahead.WHOLE in taken) == (case != "a file that cannot be read")


def test_little_is_read_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork would cost more than it saves."""
    monkeypatch.setattr(ahead, "may_fork", lambda: pytest.fail("nothing to share"))
    old = from_texts(OLD)
    _told(old, from_texts(OLD | CASES["a comparison"]))
