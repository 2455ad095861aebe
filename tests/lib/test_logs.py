import json
import logging

from schoolgate.lib.logs import JsonFormatter, without_personal_data


def line(**extra):
    record = logging.makeLogRecord({"name": "schoolgate.keys", "levelname": "INFO", "msg": "key.redeemed"} | extra)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_line_is_one_json_object_with_its_extra_fields():
    found = line(job=7, state="done")
    assert found["event"] == "key.redeemed"
    assert (found["level"], found["logger"], found["job"], found["state"]) == ("info", "schoolgate.keys", 7, "done")
    assert found["at"].endswith("+00:00")


def test_the_text_of_an_exception_stays_out():
    try:
        raise ValueError("Key (username)=(dana.cole@example.org) already exists")
    except ValueError as fault:
        found = line(exc_info=(type(fault), fault, fault.__traceback__))
    assert found["fault"]["type"] == "ValueError"
    assert "test_logs.py" in found["fault"]["places"][0]
    assert "dana" not in json.dumps(found)


def test_addresses_keys_and_queries_are_taken_out():
    text = "GET /s-AlpxF2/students?q=Finn+Cole for <dana.cole@example.org> with 7QK4M-2XW9D-T31HD or 7qk4m2xw9dt31hd"
    assert without_personal_data(text) == "GET /s-AlpxF2/students?… for <[address]> with [key] or [key]"
    assert line(address="dana.cole@example.org")["address"] == "[address]"


def test_a_request_that_could_not_be_read_names_no_caller_and_a_link_no_secret():
    said = without_personal_data("Invalid request from ip=203.0.113.9: limit of http://h/s-A/welcome/#t=7-s3cret")
    assert said == "Invalid request from ip=[address] limit of http://h/s-A/welcome/#…"


def test_objects_that_would_print_people_are_left_out():
    assert "request" not in line(request=object())
