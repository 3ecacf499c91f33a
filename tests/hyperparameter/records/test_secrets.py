"""What is a secret, and that no message, record or explanation shows one."""

import argparse
import json
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import attrs
import pytest

import hyperparameter as hp

SECRET = "hunter2"
SECRET_KEYS = [
    "password", "passwords", "password1", "db.password", "DBPassword", "passphrase", "passphrases",
    "secret", "secrets", "secrets.openai", "client_secret", "credentials", "private_key",
    "private_keys", "access_key", "aws.access_key", "api_key", "api_keys", "API_KEY", "apiKey",
    "api_key2", "token", "auth_token", "auth_tokens", "access_token", "accessToken", "api_token",
    "hf_token", "HFToken", "hub_token", "gh_token", "github_token", "gitlab_token", "slack_token",
    "bot_token", "session_token", "security_token", "id_token", "sas_token", "jwt_token",
    "csrf_token", "refresh_token", "refresh_tokens", "bearer_token", "oauth_token", "deploy_token",
    "npm_token", "pypi_token", "user_token",
]  # fmt: skip
OPEN_KEYS = [
    "tokens", "pad_token", "eos_token", "bos_token", "unk_token", "mask_token", "cls_token",
    "token_type_ids", "token_indexers", "token_embedders", "token_embedders.tokens.type", "n_token",
    "per_token_loss", "stop_token_ids", "max_tokens", "moe_token_dispatcher_type", "token_dropout",
    "password_file", "secret_path", "secrets_dir", "api_key_env", "token_name", "token_type",
    "api_key_id", "password_length", "password_min", "token_max", "secretary", "keyboard",
]  # fmt: skip
SHOWN: dict[str, Callable[[str], str]] = {
    "explain": lambda key: f"{hp.explain(key)} {hp.explain(key)!r}",
    "repr": lambda key: repr(hp.scope.current()),
    "accessor": lambda key: f"{hp.scope[key]!r}",
    "error": lambda key: _message(key),
}


def _message(key: str) -> str:
    with pytest.raises(hp.ConversionError) as caught:
        hp.scope[key] | 5
    return str(caught.value)


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("key", SECRET_KEYS)
def test_a_key_with_such_a_word_is_secret(key: str, show: Callable[[str], str]) -> None:
    with hp.scope(**{key: SECRET}):
        assert SECRET not in show(key)


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("key", OPEN_KEYS)
def test_a_key_with_another_word_is_none(key: str, show: Callable[[str], str]) -> None:
    with hp.scope(**{key: "plain text"}):
        assert "plain text" in show(key)


@pytest.mark.parametrize(
    "value",
    [
        "sk-abcdef0123456789abcdef", "hf_abcdefghijklmnop", "ghp_0123456789abcdefghij",
        "xoxb-0123456789-abcdef", "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJIUzI1NiJ9.e30.x",
        "-----BEGIN PRIVATE KEY-----", f"https://user:{SECRET}@host/path",
        f"postgres://user:{SECRET}@host:5432/db",
    ],
)  # fmt: skip
def test_a_value_that_begins_like_a_key_is_secret_under_any_name(value: str) -> None:
    with hp.scope(**{"train.name": value}):
        for show in SHOWN.values():
            assert value not in show("train.name")
            assert SECRET not in show("train.name")


@pytest.mark.parametrize("value", [5, 0.5, True, None, ""])
def test_numbers_truths_none_and_empty_text_are_no_secrets(value: Any) -> None:
    with hp.record() as record, hp.scope(api_key=value):
        assert hp.scope.api_key() == value
        assert "***" not in str(hp.explain("api_key"))
    assert record.operative() == {"api_key": value}


def test_a_record_keeps_key_and_origin_of_a_secret_and_not_its_value(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with hp.record() as record, hp.scope(api_key=SECRET, lr=1):
        hp.scope.api_key(), hp.scope.lr()
    record.save(path)
    text = path.read_text("utf-8")
    assert SECRET not in text
    assert "api_key" in text
    assert "api_key" not in record.operative()
    assert record.operative() == {"lr": 1}
    assert "api_key" in str(record.left_out)
    [read] = [read for read in record.reads if read.key == "api_key"]
    assert "test_secrets.py:" in str(read.origin)
    assert SECRET not in repr(read)


# -- messages about what a file or a word says ----------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f'password: "{SECRET}${{x"\n',
        f'password: "${{{SECRET}}}"\n',
        f"password: !!int {SECRET}\n",
        f'db: {{password: "{SECRET}", password: "{SECRET}2"}}\n',
    ],
)
def test_an_error_in_a_file_does_not_show_a_secret(text: str, tmp_path: Path) -> None:
    path = tmp_path / "base.yaml"
    path.write_text(text)
    with pytest.raises(hp.ConfigurationError) as caught:
        hp.config(path)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


@dataclass
class Login:
    user: str = "me"
    password: str = ""


def test_an_error_in_json_for_a_structure_does_not_show_a_secret() -> None:
    @hp.param("app")
    def program(db: Login = Login()) -> Any:
        return db

    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(program, ["--db", f'{{"password":"{SECRET}"'])
    assert SECRET not in str(caught.value)


def test_a_reference_carries_the_secrecy_along() -> None:
    scope = hp.config({"db": {"password": SECRET}, "url": "pg://${db.password}@host"})
    with hp.record() as record, scope:
        assert SECRET in hp.scope.url()
        assert SECRET not in str(hp.explain("url")) + repr(hp.scope.current())
    assert SECRET not in json.dumps(record.operative())


@attrs.define
class AttrsLogin:
    password: str


@pytest.mark.parametrize(
    "value",
    [
        AttrsLogin(SECRET),
        Login(password=SECRET),
        types.SimpleNamespace(password=SECRET),
        argparse.Namespace(password=SECRET),
        {"password": SECRET},
        [{"password": SECRET}],
        [Login(password=SECRET)],
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_secret_inside_an_object_is_not_shown(value: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with hp.record() as record, hp.scope(**{"t.login": value}):
        hp.scope.t.login | None
        shown = f"{hp.explain('t.login')} {hp.scope.current()!r}" if type(value) is not dict else ""
        with pytest.raises(hp.ConversionError) as caught:
            hp.param("t")(_wants_a_number)()
    record.save(path)
    assert SECRET not in shown + str(caught.value) + path.read_text("utf-8")


def _wants_a_number(login: int = 5) -> int:
    return login
