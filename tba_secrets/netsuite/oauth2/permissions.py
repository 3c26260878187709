"""The permissions that decide about OAuth 2.0, by their names in NetSuite (Oracle help, "Set Up OAuth 2.0 Roles")."""

from __future__ import annotations

from typing import Final

LOG_IN: Final = "Log in using OAuth 2.0 Access Tokens"
"""Without it, no access token works."""
OWN_CERTIFICATES: Final = "Manage own OAuth 2.0 Client Credentials Certificates"
"""With it, a certificate brings its successor and revokes its predecessor."""
MANAGES_APPLICATIONS: Final = "OAuth 2.0 Authorized Applications Management"
"""It keeps a role out of REST and RESTlets with an access token."""
