"""The Flask application: the table of routes."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from tba_secrets.simulator import (
    consent,
    flow,
    gate,
    own_pages,
    rest_records,
    rest_services,
    restlets,
    soap,
    suiteql,
    token_services,
)
from tba_secrets.simulator.gate import View
from tba_secrets.simulator.oauth2 import certificate_services, token_endpoint
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import CalledService

_REST = "/services/rest"
_CATALOG = f"{_REST}/record/v1/metadata-catalog"
_CUSTOMER = f"{_REST}/record/v1/customer"
_CERTIFICATES = certificate_services.PATH
_REVOKE = f"{_CERTIFICATES}/<certificate_id>/revoke"


@dataclass(frozen=True)
class Route:
    """One signed endpoint; `methods` are separated by spaces."""

    methods: str
    rule: str
    service: CalledService
    view: View


SIGNED_ROUTES = (
    Route("GET", "/rest/tokeninfo", CalledService.TOKEN_SERVICE, token_services.token_info),
    Route("GET", "/rest/revoketoken", CalledService.TOKEN_SERVICE, token_services.revoke_token),
    Route(
        "GET POST PUT DELETE", "/app/site/hosting/restlet.nl", CalledService.RESTLET, restlets.run
    ),
    Route("POST", "/services/NetSuitePort_<version>", CalledService.SOAP, soap.operation),
    Route("GET", f"{_REST}/system/v1/serverTime", CalledService.REST, rest_services.server_time),
    Route("POST", f"{_REST}/query/v1/suiteql", CalledService.REST, suiteql.query),
    Route("GET", _CATALOG, CalledService.REST, rest_records.metadata_catalog),
    Route("GET", _CUSTOMER, CalledService.REST, rest_records.list_customers),
    Route("POST", _CUSTOMER, CalledService.REST, rest_records.create_customer),
    Route("GET", f"{_CUSTOMER}/<record_id>", CalledService.REST, rest_records.get_customer),
    Route("GET", _CERTIFICATES, CalledService.OAUTH2, certificate_services.list_certificates),
    Route("POST", _CERTIFICATES, CalledService.OAUTH2, certificate_services.add_certificate),
    Route("POST", _REVOKE, CalledService.OAUTH2, certificate_services.revoke_certificate),
    Route("OPTIONS", f"{_REST}/<path:rest>", CalledService.REST, rest_services.options),
    Route(
        "GET POST PUT PATCH DELETE",
        f"{_REST}/<path:rest>",
        CalledService.REST,
        rest_services.not_found,
    ),
)


def create_app(state: State) -> Flask:
    """Build the WSGI application for a state."""
    app = Flask("tba_secrets.simulator")
    app.url_map.merge_slashes = False
    for number, route in enumerate(SIGNED_ROUTES):
        app.add_url_rule(
            route.rule,
            endpoint=f"signed-{number}",
            view_func=gate.signed(state, route.service, route.view),
            methods=route.methods.split(),
            provide_automatic_options=False,
        )
    for path in flow.STEPS:
        app.add_url_rule(path, endpoint=path, view_func=flow.view(state, path), methods=["POST"])
    _add_pages(app, state)
    return app


def _add_pages(app: Flask, state: State) -> None:
    """Add the unsigned pages."""
    app.add_url_rule(
        token_endpoint.PATH,
        endpoint="token",
        view_func=token_endpoint.token(state),
        methods=["POST"],
    )
    app.add_url_rule(
        token_endpoint.KEYS_PATH, endpoint="keys", view_func=token_endpoint.keys(state)
    )
    app.add_url_rule(consent.PATH, endpoint="consent", view_func=consent.page(state))
    app.add_url_rule(
        consent.PATH, endpoint="decide", view_func=consent.decide(state), methods=["POST"]
    )
    app.add_url_rule("/", endpoint="index", view_func=own_pages.index(state))
    app.add_url_rule("/simulator/audit", endpoint="audit", view_func=own_pages.audit_page(state))
    app.add_url_rule(
        "/simulator/audit.json", endpoint="audit-json", view_func=own_pages.audit_json(state)
    )
    app.add_url_rule(
        "/simulator/certificates",
        endpoint="certificates",
        view_func=own_pages.certificates(state),
        methods=["GET", "POST", "DELETE"],
    )
    app.add_url_rule(
        "/simulator/faults",
        endpoint="faults",
        view_func=own_pages.faults(state),
        methods=["GET", "POST", "DELETE"],
    )
