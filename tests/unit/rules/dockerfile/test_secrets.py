"""What is taken for a secret, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.dockerfile.parse import parse_text
from jettison.rules.dockerfile.case import make_case
from jettison.rules.dockerfile.secret_in_command import SECRET_IN_COMMAND
from jettison.rules.dockerfile.secret_in_env import SECRET_IN_ENV
from jettison.rules.dockerfile.secrets import in_address, known_token, secret_file, secret_name, secret_value


@pytest.mark.parametrize(
    "name", ["HF_TOKEN", "API_KEY", "DATABASE_PASSWORD", "secret_message", "AUTH", "WANDB_API_KEY", "apikey"]
)
def test_names_that_say_secret(name: str) -> None:
    """A whole part of the name says so, in any case of letters."""
    assert secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["TOKENIZERS_PARALLELISM", "MAX_TOKENS", "PUBLIC_KEY", "KEY_FILE", "GPG_KEY", "KEYCLOAK", "MONKEY", "EOS_TOKEN"],
)
def test_names_that_do_not(name: str) -> None:
    """Parts of words, public keys, paths and the tokens of language models are none."""
    assert not secret_name(name)


@pytest.mark.parametrize(
    "value", ["", '""', "true", "0", "/run/secrets/a", "changeme", "<token>", "your-key-here", "xxxx"]
)
def test_values_that_are_none(value: str) -> None:
    """Empty values, switches, paths and placeholders are no secrets."""
    assert not secret_value(value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://me:pw1234@example.org/a", "pw1234"),
        ("https://${TOKEN}@example.org/a", "${TOKEN}"),
        ("https://oauth2:$TOKEN@example.org/a", "$TOKEN"),
        ("git@example.org:a/b", ""),
        ("ssh://git@example.org/a", ""),
        ("pip install 'a @ https://example.org/a.whl'", ""),
        ("https://me@example.org/a", ""),
        ("https://example.org/a?b=c@d", ""),
    ],
)
def test_credentials_in_addresses(text: str, found: str) -> None:
    """A password, or a variable called so; a user name alone is none."""
    assert in_address(text) == found


@pytest.mark.parametrize("path", ["id_rsa", ".ssh/id_ed25519", ".netrc", "a/kaggle.json", "gcp-key.json", ".aws"])
def test_files_that_are_secrets(path: str) -> None:
    """Keys and credentials by their usual names."""
    assert secret_file(path)


@pytest.mark.parametrize("path", ["id_rsa.pub", "tokenizer.json", "keys.py", "netrc.md", "ca.pem", "."])
def test_files_that_are_not(path: str) -> None:
    """Public keys, certificates and code are none."""
    assert not secret_file(path)


@given(st.from_regex(r"\A[A-Za-z0-9]{36,50}\Z"))
def test_no_message_repeats_a_secret(token: str) -> None:
    """Messages go into logs: the value is in none of them."""
    text = f"FROM debian\nENV A=hf_{token} B_TOKEN={token}\nRUN git clone https://me:{token}@example.org/a\n"
    case = make_case(parse_text(text))
    found = [*SECRET_IN_ENV.check(case), *SECRET_IN_COMMAND.check(case)]
    assert len(found) >= 2
    assert not any(token in find.message for find in found)
    assert known_token(f"hf_{token}")
