"""The rule of secrets word by word, how it is changed, and what is written of a secret."""

import json
import pickle
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp
from hyperparameter._values import secrets
from hyperparameter._values.describe import describe, show
from hyperparameter._values.masking import masked_text

SECRET = "hunter2"
SECRET_KEYS = [
    "password", "db.passwords", "oldPassword", "password_2", "root-password", "passphrase",
    "SECRET", "my_secret_key", "clientSecrets", "secrets.openai", "secrets.deep.down",
    "secret.name", "credentials", "gcp_credentials", "credential", "private_key", "privateKeys",
    "access_key",
    "aws_access_key_2", "accessKey", "api_key", "apiKeys", "OPENAI_API_KEY", "api-key", "token",
    "Token", "token2", "model.token", "hf_token", "HFToken", "hub_tokens", "oauth2_token",
    "user_access_token", "id_token", "sessionToken", "auth_token_value", "token_secret",
    "password_file_secret",
]  # fmt: skip
ORDINARY_KEYS = [
    "max_tokens", "tokens", "tokenizer", "tokenize", "pad_token", "eos_token_id", "eosToken",
    "mask_token", "token_indexers", "token_embedders.tokens", "token_type", "token_type_ids",
    "n_tokens", "per_token_loss", "num_tokens_seen", "special_tokens", "detokenizer",
    "tokenization",
    "secretary", "monkey", "keyboard", "key", "keys", "access", "accesskeyed", "public_key",
    "sort_key", "primary_key", "api", "api_url", "private", "passwords_file", "password_files",
    "private_key_path", "privateKeyPath", "secrets_dir", "api_key_env", "secret_name", "token_name",
    "access_key_id", "access_key_ids", "password_hash_type", "password_length", "password_min",
    "token_max", "compass", "passport", "passing", "author", "authors", "bot", "bearer", "hub",
]  # fmt: skip


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_a_key_is_secret_by_whole_words(key: str) -> None:
    assert describe(key, SECRET) == "***"
    assert describe("", {key: SECRET}) == {key: "***"}


@pytest.mark.parametrize("key", ORDINARY_KEYS)
def test_ordinary_words_are_not_masked(key: str) -> None:
    assert describe(key, SECRET) == SECRET
    assert show(key, SECRET) == repr(SECRET)


@pytest.mark.parametrize(
    "value", [0, 7, 0.5, True, False, None, "", [], {}, (), [1, 2], {"port": 80, "on": True}]
)
def test_what_is_no_secret_under_any_key(value: Any) -> None:
    assert describe("api_key", value) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("sk-proj-Ab12", "***"),
        ("sk-ant-api03-abc", "***"),
        ("hf_AbCdEf", "***"),
        ("ghp_x1", "***"),
        ("xoxp-1-2", "***"),
        ("AKIA0123456789ABCDEF", "***"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.x", "***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n", "***"),
        ("https://me:hunter2@host:80/a?b=c#d", "https://me:***@host:80/a?b=c#d"),
        ("redis://:hunter2@host/0", "redis://:***@host/0"),
        ("see ftp://me:hunt@er2@host", "see ftp://me:***@host"),
        ('{"password": "hunter2", "user": "me"', '{"password": ***, "user": "me"'),
    ],
)
def test_text_is_secret_by_how_it_begins_and_what_is_in_it(value: str, shown: str) -> None:
    described = describe("train.name", [value])
    assert described == [shown]
    assert secrets.is_secret("train.name", value) or value[0] == "{"


@pytest.mark.parametrize(
    "value",
    ["sk-learn", "sk-learn-extra", "hf_trainer", "hf_fast_tokenizer", "risk-1", "eye", "ghp",
     "xoxo",
     "https://host:80/a@b", "https://me@host/x", "git@host:group/repo", "user:pass", "a@b:c"],
)  # fmt: skip
def test_ordinary_text_is_shown(value: str) -> None:
    assert describe("train.name", value) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=hunter2", "password=***"),
        ("host=h password=hunter2 user=me", "host=h password=*** user=me"),
        ("--db.password=hunter2", "--db.password=***"),
        ("{'password': 'hunt\\'er2', 'n': 1}", "{'password': ***, 'n': 1}"),
        ("A(secrets={'a': ['hunter2']}, n=1)", "A(secrets=***, n=1)"),
        ("A(token=B('hunter2'), n=1)", "A(token=***, n=1)"),
        ('{"api_key":"hunter2', '{"api_key":***'),
        ("api_key: hunter2 and more\nn: 1", "api_key: ***\nn: 1"),
        ("A(password=None, token='', n=1)", "A(password=None, token='', n=1)"),
        ("A(max_tokens='a', pad_token='b')", "A(max_tokens='a', pad_token='b')"),
        ("with sk-proj-Ab12, and more", "with ***, and more"),
    ],
)
def test_free_text_is_shown_without_its_secrets(text: str, shown: str) -> None:
    assert masked_text(text) == shown


def test_long_text_without_a_name_is_searched_in_no_time() -> None:
    assert masked_text("a" * 1_000_000) == "a" * 4096


@pytest.fixture
def words_of_a_user() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "_words", secrets._words)
        patch.setattr(secrets, "_taken_out", secrets._taken_out)
        yield
    secrets._is_secret_key.cache_clear()
    secrets.is_taken_out.cache_clear()


@pytest.mark.usefixtures("words_of_a_user")
def test_words_are_added() -> None:
    assert describe("card.pin", "1") == "1"
    hp.add_secret_words("pin", "doorCode")
    assert [describe(key, "1") for key in ("card.pin", "cardPins", "door_code")] == ["***"] * 3
    assert [describe(key, "1") for key in ("pinned", "pin_length", "door", "code")] == ["1"] * 4


@pytest.mark.usefixtures("words_of_a_user")
def test_keys_are_taken_out_with_all_below_them() -> None:
    value = {"token": "a", "names": ["hf_Ab1", "password=b"]}
    assert describe("train.user_token", "<|user|>") == "***"
    hp.not_secret("train.user_token", "train.data")
    assert describe("train.user_token", "<|user|>") == "<|user|>"
    assert describe("train.data", value) == value
    assert show("train.data", value) == repr(value)
    assert describe("other.user_token", "<|user|>") == "***"
    assert describe("train.database.password", "x") == "***"
    with hp.record() as record, hp.scope(**{"train.user_token": "<|user|>"}):
        hp.scope.train.user_token()
    assert record.operative() == {"train.user_token": "<|user|>"}
    assert record.left_out == {}


def test_a_key_to_take_out_is_a_key() -> None:
    with pytest.raises(hp.InvalidKey):
        hp.not_secret("a..b")


@pytest.mark.parametrize("text", ["12345", "0x1F", "1e3", "hunter2"])
def test_text_without_a_type_is_a_secret_even_if_it_looks_like_a_number(text: str) -> None:
    with hp.scope(f"db.password={text}"):
        assert text not in str(hp.explain("db.password")) + repr(hp.scope.current())


# -- what is written -------------------------------------------------------------------------------


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "hyperparameter"


def saved(path: Path, **values: object) -> dict[str, Any]:
    """Return what the file has for each key that was read."""
    with hp.record() as record, hp.scope(**values):
        for key in values:
            hp.scope[key]()
    record.save(path)
    return {read["key"]: read["value"] for read in json.loads(path.read_text("utf-8"))["reads"]}


def test_equal_secrets_have_equal_digests_and_others_have_others(
    state: Path, tmp_path: Path
) -> None:
    first = saved(tmp_path / "1.json", api_key=SECRET, password=SECRET, token="other", lr=1)
    again = saved(tmp_path / "2.json", api_key=SECRET)
    assert first["lr"] == 1
    digests = {key: first[key]["$secret"][1] for key in ("api_key", "password", "token")}
    assert digests["api_key"] == digests["password"] == again["api_key"]["$secret"][1]
    assert digests["token"] != digests["api_key"]
    assert all(len(bytes.fromhex(digest)) == 32 for digest in digests.values())


def test_the_key_of_the_user_is_random_private_and_never_in_a_record(
    state: Path, tmp_path: Path
) -> None:
    text = json.dumps(saved(tmp_path / "1.json", api_key=SECRET))
    [path] = state.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = path.read_bytes()
    assert key.hex() not in text
    path.unlink()
    assert json.dumps(saved(tmp_path / "2.json", api_key=SECRET)) != text
    assert path.read_bytes() != key


def test_a_record_without_secrets_makes_no_key(state: Path, tmp_path: Path) -> None:
    saved(tmp_path / "1.json", lr=1)
    assert not state.exists()


def test_records_saved_at_once_use_one_key(state: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        paths = [tmp_path / f"{number}.json" for number in range(64)]
        found = list(pool.map(lambda path: str(saved(path, api_key=SECRET)), paths))
    assert len(set(found)) == 1
    assert len(list(state.iterdir())) == 1


def a_file(state: Path) -> None:
    state.parent.write_text("")


def another_key(state: Path) -> None:
    state.mkdir(parents=True)
    (state / "digest.key").write_bytes(b"short")


@pytest.mark.parametrize("spoil", [a_file, another_key])
def test_without_a_key_there_is_no_digest_and_no_error(
    spoil: Callable[[Path], None], state: Path, tmp_path: Path
) -> None:
    spoil(state)
    assert saved(tmp_path / "1.json", api_key=SECRET) == {"api_key": {"$secret": ["***", None]}}


def test_a_loaded_record_shows_the_mask_and_is_saved_as_it_was(state: Path, tmp_path: Path) -> None:
    before = saved(tmp_path / "1.json", api_key=SECRET, url=f"https://me:{SECRET}@host")
    record = hp.Record.load(tmp_path / "1.json")
    assert [str(read.value) for read in record.reads] == ["***", "https://me:***@host"]
    assert record.operative() == {}
    assert list(record.left_out) == ["api_key", "url"]
    record.save(tmp_path / "2.json")
    assert (tmp_path / "2.json").read_text() == (tmp_path / "1.json").read_text()
    assert before["api_key"]["$secret"][1] is not None


def test_no_digest_leaves_the_process_without_a_key(state: Path) -> None:
    with hp.record() as record, hp.scope(api_key=SECRET):
        hp.scope.api_key()
    [read] = record.reads
    assert read.value.digest
    assert not pickle.loads(pickle.dumps(read)).value.digest


def test_parts_that_are_secrets_are_left_out_and_named() -> None:
    value = {"user": "me", "password": SECRET, "deep": {"token": SECRET}}
    listed = [{"password": SECRET}, 1]
    with hp.record() as record:
        hp.scope.login | value
        hp.scope.listed | listed
    assert record.operative() == {"login": {"user": "me"}}
    assert list(record.left_out) == ["login.password", "login.deep.token", "listed"]


def test_readers_of_different_secrets_are_divergent() -> None:
    with hp.record() as record:
        for value in (SECRET, "other"):
            with hp.scope(api_key=value):
                hp.scope.api_key()
    assert list(record.divergent()) == ["api_key"]
    assert SECRET not in repr(record.divergent())


def test_a_reference_to_a_secret_alone_is_a_secret_where_it_is() -> None:
    config = {"db": {"password": "admin"}, "conn": {"key": "${db.password}"}, "user": "admin"}
    with hp.config(config):
        assert "admin" not in str(hp.explain("conn.key"))
        assert "admin" in str(hp.explain("user"))


def test_a_secret_of_the_environment_makes_secrets() -> None:
    env = {"DB_PASSWORD": SECRET, "HOST": "h1"}
    config = {"x": "${env:HOST} ${env:DB_PASSWORD}", "y": "<${x}>", "z": "at ${env:HOST}"}
    with hp.config(config, env=env):
        assert SECRET not in f"{hp.explain('x')} {hp.explain('y')} {hp.scope.current()!r}"
        assert "at h1" in str(hp.explain("z"))


@pytest.mark.parametrize(
    "words",
    [
        ["--db", '{"password":"hunter2"'],
        ["password=hunter2"],
        ["https://me:hunter2@host"],
        ["-D", "{password: hunter2}"],
        ["--nothing.password=hunter2", "--kind", "x"],
        ["--kind", "sk-hunter2"],
    ],
)
def test_no_message_of_a_command_line_shows_a_secret(words: list[str]) -> None:
    @hp.param("app")
    def program(*, db: dict[str, str] | None = None, kind: int = 1) -> Any:
        return db, kind

    with pytest.raises(hp.HyperparameterError) as caught:
        hp.run_cli(program, words)
    assert SECRET not in f"{caught.value} {caught.value.value} {caught.value.key}"


def test_nothing_is_written_into_the_home_folder_by_reading(state: Path) -> None:
    with hp.scope(api_key=SECRET):
        hp.scope.api_key()
    assert not state.exists()
