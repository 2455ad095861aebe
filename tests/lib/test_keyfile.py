import json
import stat
from threading import Barrier, Thread

import pytest

from schoolgate.lib.errors import Misconfigured
from schoolgate.lib.keyfile import as_text, from_text, make_file, new_secrets, read_file, replace_file, rotated


def test_secrets_read_back_as_they_were_written():
    made = new_secrets()
    assert from_text(as_text(made)) == made


def test_rotation_adds_a_number_and_keeps_the_old():
    old = new_secrets()
    new = rotated(rotated(old))
    assert set(new.peppers) == set(new.sealing_keys) == {1, 2, 3}
    assert new.peppers[1] == old.peppers[1]
    assert new.sealing_keys[1] == old.sealing_keys[1]
    assert len(set(new.peppers.values())) == 3
    assert new.django_key == old.django_key


def test_a_key_file_is_its_owners_alone(tmp_path):
    path = tmp_path / "new" / "secrets.json"
    assert make_file(path, new_secrets())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secrets.json"]


def test_a_key_file_that_others_can_read_is_refused_with_the_mend(tmp_path):
    path = tmp_path / "secrets.json"
    make_file(path, new_secrets())
    path.chmod(0o640)
    with pytest.raises(Misconfigured) as refusal:
        read_file(path)
    assert f"chmod 600 {path}" in refusal.value.fix


def test_of_many_that_make_it_at_once_one_wins(tmp_path):
    path = tmp_path / "secrets.json"
    barrier = Barrier(8)
    won = []

    def make():
        secrets = new_secrets()
        barrier.wait()
        if make_file(path, secrets):
            won.append(secrets)

    threads = [Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [read_file(path)] == won


def test_replacing_keeps_the_mode(tmp_path):
    path = tmp_path / "secrets.json"
    make_file(path, new_secrets())
    renewed = rotated(read_file(path))
    replace_file(path, renewed)
    assert read_file(path) == renewed


@pytest.mark.parametrize(
    "change",
    [
        {"django_key": "short"},
        {"django_key": None},
        {"peppers": {}},
        {"peppers": {"1": "abc"}},
        {"peppers": {"one": "11" * 32}},
        {"peppers": {"0": "11" * 32}},
        {"sealing_keys": {"1": "11" * 16}},
        {"sealing_keys": ["11" * 32]},
    ],
)
def test_nonsense_is_refused_without_showing_it(change):
    content = json.loads(as_text(new_secrets())) | change
    with pytest.raises(Misconfigured) as refusal:
        from_text(json.dumps(content))
    assert next(iter(change)) in refusal.value.message
    assert "11" * 16 not in refusal.value.message


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"'])
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(Misconfigured):
        from_text(text)


def test_secrets_do_not_show_themselves():
    made = new_secrets()
    assert made.django_key not in repr(made)
    assert made.peppers[1].hex() not in repr(made)
