"""The server itself: keep-alive, stopping, the command, and how little the import costs."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tba_secrets.simulator import Simulator
from tests.simulator.accounts import ACCOUNT, BOT, TOKEN, Keys, config
from tests.simulator.conftest import NOW
from tests.simulator.signer import parameters, send, signed_header


def test_importing_the_package_loads_no_flask() -> None:
    code = (
        "import sys, tba_secrets.simulator as s;"
        "print([m for m in ('flask', 'werkzeug', 'pydantic', 'yaml') if m in sys.modules], s.Simulator.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "[] Simulator"


def test_an_unknown_name_is_an_attribute_error() -> None:
    import tba_secrets.simulator as package

    with pytest.raises(AttributeError, match="Nothing"):
        _ = package.Nothing


def test_many_requests_over_one_connection(simulator: Simulator, keys: Keys) -> None:
    address = urlsplit(simulator.url)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    connection.connect()
    opened = connection.sock
    url = f"{simulator.url}/services/rest/record/v1/customer"
    for number in range(3):
        text = signed_header(keys, "POST", url, parameters(keys, NOW))
        body = json.dumps({"companyName": f"C{number}"})
        connection.request("POST", urlsplit(url).path, body, {"Authorization": text})
        answer = connection.getresponse()
        assert (answer.status, answer.read(), answer.version) == (204, b"", 11)
        connection.request("POST", "/nowhere", b"a body that nobody reads")
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (404, True)
    assert connection.sock is opened
    connection.close()


def test_chunked_bodies_and_head(simulator: Simulator, keys: Keys) -> None:
    chunks = iter([b'{"company', b'Name": "X"}'])
    url = f"{simulator.url}/services/rest/record/v1/customer"
    text = signed_header(keys, "POST", url, parameters(keys, NOW))
    answer = requests.post(url, data=chunks, headers={"Authorization": text}, timeout=10)
    assert answer.status_code == 204
    head = send(keys, "HEAD", f"{simulator.url}/rest/tokeninfo", NOW)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0


@pytest.mark.parametrize("length", ["abc", "-1"])
def test_a_content_length_that_is_no_length(length: str, simulator: Simulator) -> None:
    address = urlsplit(simulator.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as raw:
        raw.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 400 ")


def test_stopping_ends_open_connections_and_frees_the_port(keys: Keys) -> None:
    simulator = Simulator(config(keys))
    url = simulator.start()
    port = urlsplit(url).port
    assert port is not None
    with socket.create_connection(("127.0.0.1", port), timeout=10) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(15) == b"HTTP/1.1 200 OK"
        simulator.stop()
        while idle.recv(65536):
            pass
    simulator.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)
    assert simulator.state.token(ACCOUNT, TOKEN).usable
    assert simulator.start(port) == url
    simulator.stop()


def test_the_url_needs_a_start(keys: Keys) -> None:
    with pytest.raises(RuntimeError, match="call start"):
        _ = Simulator(config(keys)).url


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_url_first_and_ends_on_a_signal(
    number: signal.Signals, keys: Keys, tmp_path: Path
) -> None:
    file = tmp_path / "sim.json"
    file.write_text(config(keys).model_dump_json())
    code = f"import pathlib, tba_secrets.simulator as s; s.serve(pathlib.Path({str(file)!r}), 0, {NOW:.0f})"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            answer = send(keys, "GET", f"{url}/rest/tokeninfo", NOW)
            assert (answer.status_code, "Thu, 01 Jan 2026 00:0" in answer.headers["Date"]) == (
                200,
                True,
            )
        finally:
            process.send_signal(number)
        assert process.wait(timeout=20) == 0


def test_the_pages_are_served(simulator: Simulator, keys: Keys) -> None:
    send(keys, "GET", f"{simulator.url}/rest/tokeninfo", NOW)
    send(keys, "GET", f"{simulator.url}/rest/tokeninfo?x=1", NOW - 400)
    index = requests.get(simulator.url, timeout=10)
    assert (index.status_code, ACCOUNT in index.text) == (200, True)
    page = requests.get(f"{simulator.url}/simulator/audit", timeout=10)
    assert (
        page.status_code,
        page.text.index("InvalidTimestamp") < page.text.index("Success</td>"),
    ) == (200, True)
    entries = requests.get(
        f"{simulator.url}/simulator/audit.json?account={ACCOUNT}", timeout=10
    ).json()["entries"]
    assert [(e["status"], e["detail"], e["user"]) for e in entries] == [
        ("Success", "", BOT),
        ("Failure", "InvalidTimestamp", BOT),
    ]
    assert requests.get(
        f"{simulator.url}/simulator/audit.json?account=none", timeout=10
    ).json() == {"entries": []}
    assert requests.get(f"{simulator.url}/nowhere", timeout=10).status_code == 404
