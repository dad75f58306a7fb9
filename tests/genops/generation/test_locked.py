"""The lock: what an agent tries is refused by the kernel, and succeeds without the lock."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from monocyte.genops.generation import locked
from monocyte.genops.generation.locked import SYSTEM, landlock, locked_in, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no lock here: {missing()}")


class Place(NamedTuple):
    """Where an attack takes place."""

    tree: Path
    outside: Path
    proxy: int
    other: int
    path: Path
    """A Unix socket somebody listens on."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A tree, a secret beside it, a proxy, and another server on this machine."""
    tree, outside = tmp_path / "tree", tmp_path / "home"
    tree.mkdir()
    (outside / ".ssh").mkdir(parents=True)
    (outside / ".ssh" / "id").write_text("the secret", "utf-8")
    (tree / "link").symlink_to(outside / ".ssh" / "id")
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Quiet) for _ in range(2)]
    for it in servers:
        threading.Thread(target=it.serve_forever, args=(0.02,), daemon=True).start()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        listening.listen()
        ports = [it.server_address[1] for it in servers]
        yield Place(tree, outside, ports[0], ports[1], tmp_path / "socket")
    for it in servers:
        it.shutdown()
        it.server_close()


class Quiet(BaseHTTPRequestHandler):
    """Answers everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


def run(place: Place, code: str, *, is_locked: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run a program as an agent is run; with or without the lock."""
    filled = code.format(**{name: str(it) for name, it in place._asdict().items()}, me=os.getpid())
    program = f"import os, socket, subprocess, urllib.request\n{filled}\nprint('did it')\n"
    (place.tree / "program.py").write_text(program, "utf-8")
    words = [sys.executable, "-S", str(place.tree / "program.py")]
    python = [Path(sys.prefix), Path(sys.base_prefix)]
    with locked_in(place.proxy, [place.tree], python) as wrap:
        return subprocess.run(
            [*(wrap if is_locked else ()), *words],
            cwd=place.tree,
            env={"PATH": "/usr/bin:/bin", "HOME": str(place.tree)},
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )


ATTACKS = {
    "reads a key": "print(open('{outside}/.ssh/id').read())",
    "reads it through a link in its tree": "print(open('link').read())",
    "reads it through a link of its own": "os.symlink('{outside}/.ssh/id', 'l'); open('l').read()",
    "moves it into its tree": "os.link('{outside}/.ssh/id', 'l'); open('l').read()",
    "has a child read it": "subprocess.run(['cat', '{outside}/.ssh/id'], check=True)",
    "lists what is beside its tree": "os.listdir('{outside}')",
    "reads the environment of who runs it": "open('/proc/{me}/environ').read()",
    "looks at other processes": "open('/proc/{me}/cmdline').read()",
    "writes beside its tree": "open('{outside}/x', 'w').write('x')",
    "deletes beside its tree": "os.unlink('{outside}/.ssh/id')",
    "renames out of its tree": "os.rename('program.py', '{outside}/x')",
    "writes where all may": "open('/dev/shm/monocyte-test', 'w').write('x')",
    "connects to another server here": "socket.create_connection(('127.0.0.1', {other}), 3)",
    "asks another server here": "urllib.request.urlopen('http://localhost:{other}/', timeout=3)",
    "sends a packet": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "speaks by a Unix socket": "socket.socket(socket.AF_UNIX).connect('{path}')",
    "listens": "socket.create_server(('127.0.0.1', 0))",
    "signals who runs it": "os.kill({me}, 0)",
}


@pytest.mark.parametrize("code", ATTACKS.values(), ids=ATTACKS)
def test_what_is_refused_succeeds_without_the_lock(place: Place, code: str) -> None:
    """Red first, so that it is the lock that refuses."""
    open_run = run(place, code, is_locked=False)
    assert "did it" in open_run.stdout, open_run.stderr
    for name in ("l", "program.py"):
        (place.tree / name).unlink(missing_ok=True)
    (place.outside / ".ssh" / "id").write_text("the secret", "utf-8")
    (place.outside / "x").unlink(missing_ok=True)
    done = run(place, code)
    assert "did it" not in done.stdout, done.stdout
    assert done.returncode == 1
    assert "Error" in done.stderr
    assert "the secret" not in done.stdout + done.stderr
    assert not (place.outside / "x").exists()
    assert (place.outside / ".ssh" / "id").exists()


def test_nothing_elsewhere_can_be_reached() -> None:
    """Not even at the proxy's port: the network has only this machine's own address in it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        code = f"import socket; socket.create_connection(('192.0.2.1', {port}), 3)"
        python = [Path(sys.prefix), Path(sys.base_prefix)]
        with locked_in(port, [], python) as wrap:
            done = subprocess.run(
                [*wrap, sys.executable, "-S", "-c", code],
                env={"PATH": "/usr/bin"},
                capture_output=True,
                text=True,
                check=False,
                timeout=50,
            )
    assert "unreachable" in done.stderr or "Permission" in done.stderr


def test_what_it_is_for_works(place: Place) -> None:
    """Its tree, the proxy, children and threads; and no more environment than it was given."""
    code = """
import threading
open('new', 'w').write('x')
os.mkdir('folder'); os.rename('new', 'folder/new'); os.truncate('folder/new', 0)
url = 'http://127.0.0.1:{proxy}/'
assert urllib.request.urlopen(url, timeout=9).read() == b'ok'
assert subprocess.run(['echo', 'hi'], capture_output=True, check=True).stdout == b'hi\\n'
one, other = socket.socketpair()
thread = threading.Thread(target=lambda: one.send(b'x')); thread.start(); thread.join()
assert other.recv(1) == b'x'
assert {{*os.environ}} <= {{'PATH', 'HOME', 'LC_CTYPE'}}, os.environ
"""
    done = run(place, code)
    assert "did it" in done.stdout, done.stderr


def test_what_it_leaves_running_ends_with_it(place: Place) -> None:
    """Even what has left its session and its group."""
    leaves = """
if not os.fork():
    os.setsid()
    for descriptor in range(3):
        os.close(descriptor)
    import time
    time.sleep(600)
"""
    done = run(place, leaves)
    assert "did it" in done.stdout, done.stderr
    mine = str(place.tree / "program.py").encode()
    running = [it for it in Path("/proc").glob("[0-9]*/cmdline") if mine in _bytes(it)]
    assert running == []


RUNS = """
import subprocess, sys
from pathlib import Path
from monocyte.genops.generation.locked import locked_in
tree = Path(sys.argv[1])
python = [Path(sys.prefix), Path(sys.base_prefix)]
with locked_in(9, [tree], python) as wrap:
    subprocess.run([*wrap, sys.executable, "-S", str(tree / "program.py")])
"""


def test_who_is_killed_takes_the_agent_along(place: Place) -> None:
    """Nothing goes on in a tree that nobody waits for."""
    program = place.tree / "program.py"
    program.write_text("print('up', flush=True)\nimport time\ntime.sleep(600)\n", "utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", RUNS, str(place.tree)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
        text=True,
    ) as runner:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "up\n"
        runner.kill()
        assert runner.stdout.readline() == "", "somebody still has the other end"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root has none")
def test_root_has_no_capabilities(place: Place) -> None:
    """Nor has what it executes."""
    code = "assert subprocess.run(['chown', '1', 'program.py'], check=False).returncode"
    assert "did it" in run(place, code).stdout
    assert "did it" not in run(place, code, is_locked=False).stdout


def test_where_it_cannot_be_locked_it_is_not_run(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is said why."""
    assert landlock() >= 1
    monkeypatch.setattr(locked, "landlock", lambda: 0)
    assert "no Landlock" in missing()
    monkeypatch.setattr(locked, "landlock", lambda: 3)
    monkeypatch.setattr(locked, "_may_unshare", lambda: False)
    assert "Landlock 4" in missing()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Linux only" in missing()


def test_a_program_that_is_not_there_is_said() -> None:
    """In words, with the code of a shell."""
    with locked_in(9, []) as wrap:
        done = subprocess.run([*wrap, "nobody"], capture_output=True, text=True, check=False)
    assert (done.returncode, "nobody cannot be run" in done.stderr) == (127, True)


def test_nothing_of_a_person_is_in_what_every_program_may_read() -> None:
    """Only the system's own."""
    for path in SYSTEM:
        assert not path.startswith(("/home", "/root", "/tmp", "/var", "/run", "/etc/shadow"))
        assert path not in ("/", "/etc", "/dev", "/proc", "/sys")
