"""What of a folder a job is sent, and what is refused before anything is sent."""

import os
import socket
import stat
import zipfile
from pathlib import Path

import pytest

from hp_dist._jobs import package as packages
from hp_dist._jobs.arguments import check_shown
from hp_dist._jobs.package import pack
from hyperparameter.exceptions import UsageError


def write(root: Path, *names: str, text: str = "x\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(root: Path, script: str = "main.py", **files: str) -> set[str]:
    """Return the names in the archive."""
    (root.parent / "scratch").mkdir(exist_ok=True)
    packed = pack(str(root), str(root / script), files, str(root.parent / "scratch"))
    with zipfile.ZipFile(packed.file) as archive:
        assert archive.testzip() is None
        return set(archive.namelist())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write(folder, "main.py")
    return folder


def test_what_no_job_needs_is_left_out_and_named(root: Path, tmp_path: Path) -> None:
    write(root, ".git/HEAD", ".venv/x", "venv/x", "sweeps/a/store.db", "pkg/__pycache__/x.pyc")
    write(root, "my-env/pyvenv.cfg", "my-env/x", "pkg/sweeps/x.py", "pkg/a.py", ".hidden")
    assert names(root) == {"main.py", "pkg/a.py", "pkg/sweeps/x.py", ".hidden"}
    packed = pack(str(root), str(root / "main.py"), {}, str(tmp_path))
    assert set(packed.left_out) == {
        ".git/", ".venv/", "venv/", "sweeps/", "pkg/__pycache__/", "my-env/",
    }  # fmt: skip
    assert packed.files == 4


def test_ignore_files_are_read_as_git_reads_them(root: Path) -> None:
    (root / ".gitignore").write_text("*.bin\n/data/*\n!data/keep.txt\n!sweeps/\nbuild/\n")
    (root / ".rayignore").write_text("# for the cluster\n*.log\n")
    write(root, "pkg/.gitignore", text="!wanted.bin\nlocal.txt\n")
    write(root, "a.bin", "pkg/a.bin", "pkg/wanted.bin", "pkg/local.txt", "local.txt", "x.log")
    write(root, "data/a.txt", "data/keep.txt", "pkg/data/a.txt", "build/x", "sweeps/x")
    assert names(root) == {
        "main.py", ".gitignore", ".rayignore", "pkg/.gitignore", "pkg/wanted.bin", "local.txt",
        "data/keep.txt", "pkg/data/a.txt", "sweeps/x",
    }  # fmt: skip


def test_links_empty_folders_and_permissions_survive_and_circles_end(root: Path) -> None:
    write(root.parent, "elsewhere/linked.py")
    (root / "linked").symlink_to(root.parent / "elsewhere")
    (root / "pkg").mkdir()
    (root / "pkg" / "circle").symlink_to(root)
    (root / "empty").mkdir()
    write(root, "run.sh")
    (root / "run.sh").chmod(0o755)
    os.mkfifo(root / "pipe")  # a reader would wait for ever
    assert names(root) == {"main.py", "linked/linked.py", "empty/", "run.sh"}
    with zipfile.ZipFile(root.parent / "scratch" / "job.zip") as archive:
        assert stat.S_IMODE(archive.getinfo("run.sh").external_attr >> 16) == 0o755


def test_the_same_files_make_the_same_archive(root: Path, tmp_path: Path) -> None:
    write(root, "b.py", "a/c.py")
    first = Path(pack(str(root), str(root / "main.py"), {"s": "1"}, str(tmp_path)).file)
    before = first.read_bytes()
    os.utime(root / "b.py", (1, 1))
    again = Path(pack(str(root), str(root / "main.py"), {"s": "1"}, str(tmp_path)).file)
    assert again.read_bytes() == before


def test_a_script_is_found_from_where_it_is_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, "sub/-odd name.py", "-main.py")
    monkeypatch.chdir(root / "sub")
    assert pack("..", "./-odd name.py", {}, str(tmp_path)).script == "sub/-odd name.py"
    assert pack("..", "../-main.py", {}, str(tmp_path)).script == "./-main.py"
    monkeypatch.chdir(root)
    assert pack(".", "main.py", {}, str(tmp_path)).script == "main.py"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("missing.py", "missing.py: no such file in "),
        ("../outside.py", "../outside.py: it is not below "),
        ("ignored.py", "ignored.py: .gitignore or .rayignore leaves it out of the job."),
        ("folder", "folder: this is a folder. Name a Python file."),
    ],
)
def test_a_script_that_would_not_be_there_is_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, problem: str
) -> None:
    write(root, "ignored.py", "folder/x.py", "../outside.py")
    (root / ".gitignore").write_text("ignored.py\n")
    monkeypatch.chdir(root)
    with pytest.raises(UsageError) as refused:
        pack(".", script, {}, str(tmp_path))
    assert str(refused.value).startswith(problem)


def test_what_is_too_large_is_refused_with_its_size_and_the_largest(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_MOST_BYTES", 2_000_000)
    for name, size in (("data/a", 1_500_000), ("data/b", 1_400_000), ("model.bin", 1_000_000)):
        write(root, name)
        (root / name).write_bytes(os.urandom(size))
    with pytest.raises(UsageError) as refused:
        pack(str(root), str(root / "main.py"), {}, str(tmp_path))
    told = str(refused.value)
    assert told.startswith(f"{root} has 3.9 MB to send, and a job can have 2.0 MB")
    assert "data/ (2.9 MB), model.bin (1.0 MB), main.py (2 bytes)" in told
    (root / ".rayignore").write_text("data/\n")
    assert names(root) == {"main.py", "model.bin", ".rayignore"}


@pytest.mark.parametrize("name", [b"odd\\name.py", b"odd\xff.py"], ids=["backslash", "bytes"])
def test_a_name_that_would_not_arrive_is_refused(root: Path, tmp_path: Path, name: bytes) -> None:
    Path(os.fsdecode(os.path.join(os.fsencode(root), name))).write_text("x")
    with pytest.raises(UsageError, match="odd"):
        pack(str(root), str(root / "main.py"), {}, str(tmp_path))


def test_a_socket_is_not_sent(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        assert names(root) == {"main.py"}


@pytest.mark.parametrize(
    "words",
    [
        ["-D", "hub.token=abcdef"],
        ["-Dopt.api_key=abcdef"],
        ["--api-key", "abcdef"],
        ["--db-password=abcdef"],
        ["--url", "https://me:abcdef@host/x"],
        ["x", "hf_abcdef1234567890ABC"],
        ["x" * 3000 + " api_key=abcdef"],
        ['{"api_key": "abcdef"}'],
    ],
    ids=lambda words: " ".join(words)[:30],
)
def test_a_secret_among_the_words_is_refused_and_not_shown(words: list[str]) -> None:
    with pytest.raises(UsageError) as refused:
        check_shown(["--lr", "0.1", *words])
    assert "shown in the cluster's dashboard" in str(refused.value)
    assert "abcdef" not in str(refused.value)


def test_other_words_pass() -> None:
    check_shown(["-D", "train.lr=0.1", "--max-tokens", "5", "--token-file", "x", "--api-key",
                 "--verbose", "-D", "pad_token=<pad>", "", "x" * 10_000])  # fmt: skip
