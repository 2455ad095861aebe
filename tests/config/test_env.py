import pytest

from schoolgate.config import env
from schoolgate.lib.errors import Misconfigured


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch, tmp_path):
    for name in ["DATABASE_URL", "BASE_URL", "EMAIL_URL", "SECRETS"]:
        monkeypatch.delenv(f"SCHOOLGATE_{name}", raising=False)
    monkeypatch.setenv("SCHOOLGATE_DATA_DIR", str(tmp_path / "data"))
    env.secrets.cache_clear()
    yield
    env.secrets.cache_clear()


def test_a_value_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "url").write_text("https://portal.example.org\n")
    monkeypatch.setenv("SCHOOLGATE_BASE_URL_FILE", str(tmp_path / "url"))
    assert env.base_url() == "https://portal.example.org"


def test_a_value_and_a_file_for_it_are_refused_together(monkeypatch, tmp_path):
    monkeypatch.setenv("SCHOOLGATE_BASE_URL", "https://a.example.org")
    monkeypatch.setenv("SCHOOLGATE_BASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(Misconfigured):
        env.base_url()


def test_a_file_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("SCHOOLGATE_EMAIL_URL_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(Misconfigured, match="nowhere"):
        env.email_url()


@pytest.mark.parametrize(
    "given",
    ["portal.example.org", "ftp://x", "https://", "https://x/portal", "https://x?y", "https://u:p@x", "https://x:y"],
)
def test_a_base_address_that_makes_no_sense_is_refused(monkeypatch, given):
    monkeypatch.setenv("SCHOOLGATE_BASE_URL", given)
    with pytest.raises(Misconfigured):
        env.base_url()


def test_three_slashes_are_from_here_and_four_are_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCHOOLGATE_DATABASE_URL", "sqlite:///here/school.sqlite3")
    assert env.database()["NAME"] == str(tmp_path / "here" / "school.sqlite3")
    monkeypatch.setenv("SCHOOLGATE_DATABASE_URL", f"sqlite:///{tmp_path}/there/school.sqlite3")
    assert env.database()["NAME"] == str(tmp_path / "there" / "school.sqlite3")
    assert (tmp_path / "there").is_dir()


def test_without_a_database_there_is_a_file_in_the_data_folder(tmp_path):
    assert env.database()["NAME"] == str(tmp_path / "data" / "schoolgate.sqlite3")


def test_sqlite_takes_its_lock_at_the_beginning_of_a_transaction():
    options = env.database()["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    assert "journal_mode=WAL" in options["init_command"]


@pytest.mark.parametrize("given", ["mysql://x/y", "sqlite://x", "schoolgate", "postgresql://user@host/"])
def test_a_database_of_another_kind_is_refused(monkeypatch, given):
    monkeypatch.setenv("SCHOOLGATE_DATABASE_URL", given)
    with pytest.raises(Misconfigured) as refusal:
        env.database()
    assert "SCHOOLGATE_DATABASE_URL" in refusal.value.fix


def test_the_refusal_of_a_database_does_not_show_its_password(monkeypatch):
    monkeypatch.setenv("SCHOOLGATE_DATABASE_URL", "oracle://school:hunter2@host/x")
    with pytest.raises(Misconfigured) as refusal:
        env.database()
    assert "hunter2" not in refusal.value.message + refusal.value.fix


def test_postgresql_keeps_its_connections_and_the_options_of_its_address(monkeypatch):
    monkeypatch.setenv("SCHOOLGATE_DATABASE_URL", "postgresql://a:b%40c@db.example.org:6432/school?sslmode=require")
    found = env.database()
    assert (found["HOST"], found["PORT"], found["NAME"], found["PASSWORD"]) == ("db.example.org", 6432, "school", "b@c")
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["CONN_MAX_AGE"]


def test_without_a_mail_server_nothing_is_handed_over():
    assert env.email_settings()["EMAIL_BACKEND"] == "django.core.mail.backends.dummy.EmailBackend"


def test_a_mail_server_is_read_from_its_address(monkeypatch):
    monkeypatch.setenv("SCHOOLGATE_EMAIL_URL", "smtp://school:p%40ss@mail.example.org:587/?tls=True")
    found = env.email_settings()
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_HOST_PASSWORD"]) == ("mail.example.org", 587, "p@ss")
    assert found["EMAIL_USE_TLS"] is True
    assert found["EMAIL_TIMEOUT"]


@pytest.mark.parametrize("given", ["http://mail", "file:///tmp/x", "console:", "mail.example.org"])
def test_a_mail_server_of_another_kind_is_refused(monkeypatch, given):
    monkeypatch.setenv("SCHOOLGATE_EMAIL_URL", given)
    with pytest.raises(Misconfigured):
        env.email_settings()


def test_a_sender_with_a_line_break_is_refused(monkeypatch):
    monkeypatch.setenv("SCHOOLGATE_EMAIL_FROM", "office@example.org\nBcc: all@example.org")
    with pytest.raises(Misconfigured):
        env.email_settings()


def test_celery_needs_a_broker(monkeypatch):
    monkeypatch.setenv("SCHOOLGATE_TASKS", "celery")
    with pytest.raises(Misconfigured):
        env.task_settings()


@pytest.mark.parametrize("given", ["-1", "x", "9", "1.5", "²"])
def test_numbers_keep_to_their_bounds(monkeypatch, given):
    monkeypatch.setenv("SCHOOLGATE_TRUSTED_PROXIES", given)
    with pytest.raises(Misconfigured):
        env.trusted_proxies()


def test_every_host_name_at_once_is_refused(monkeypatch):
    monkeypatch.setenv("SCHOOLGATE_HOSTS", "*")
    with pytest.raises(Misconfigured):
        env.allowed_hosts()


def test_on_sqlite_secrets_are_made_once(tmp_path):
    first = env.secrets()
    env.secrets.cache_clear()
    assert env.secrets() == first
    assert (tmp_path / "data" / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_on_postgresql_missing_secrets_are_refused_with_the_mend(monkeypatch, tmp_path):
    monkeypatch.setenv("SCHOOLGATE_DATABASE_URL", "postgresql://a@host/b")
    with pytest.raises(Misconfigured) as refusal:
        env.secrets()
    assert "schoolgate secrets make" in refusal.value.fix
    assert not (tmp_path / "data" / "secrets.json").exists()
