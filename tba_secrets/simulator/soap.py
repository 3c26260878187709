"""SOAP web services: getServerTime, which needs no permission but the login's (Oracle help)."""

from __future__ import annotations

from flask import Response

from tba_secrets.simulator import answers, passport
from tba_secrets.simulator.gate import Call


def operation(call: Call) -> Response:
    """Answer POST /services/NetSuitePort_<version>."""
    body = next(
        e for e in passport.parse(call.request.get_data()) if passport.local_name(e) == "Body"
    )
    names = [passport.local_name(element) for element in body]
    if names != ["getServerTime"]:
        return answers.soap_fault(
            "unexpectedErrorFault", "USER_ERROR", "The simulator serves getServerTime only."
        )
    stamp = call.state.clock.moment().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return Response(
        _server_time(call.path_values["version"], stamp), content_type="text/xml; charset=utf-8"
    )


def _server_time(version: str, stamp: str) -> str:
    def namespace(name: str) -> str:
        return f"urn:{name}_{version}.platform.webservices.netsuite.com"

    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<getServerTimeResponse xmlns="{namespace("messages")}"><getServerTimeResult>'
        f'<platformCore:status isSuccess="true" xmlns:platformCore="{namespace("core")}"/>'
        f'<platformCore:serverTime xmlns:platformCore="{namespace("core")}">{stamp}</platformCore:serverTime>'
        "</getServerTimeResult></getServerTimeResponse></soapenv:Body></soapenv:Envelope>"
    )
