"""Write an environment's roles as a SuiteCloud Development Framework (SDF) project.

SDF can create roles only. "You cannot create an integration record using SDF" (Oracle help,
"Integration Records as XML Definitions"); access tokens have no SDF object; and features that need a
Terms of Service agreement stay off.
"""

from __future__ import annotations

from tba_secrets.netsuite.sdf.folder import Written, write
from tba_secrets.netsuite.sdf.permissions import (
    PERMISSIONS,
    Permission,
    PermissionGrant,
    PermissionLevel,
    grant,
)
from tba_secrets.netsuite.sdf.project import RolesProject, SdfRole, roles_project
from tba_secrets.netsuite.sdf.validator import InvalidProjectError, SdfProblem, problems, validate

__all__ = [
    "PERMISSIONS",
    "InvalidProjectError",
    "Permission",
    "PermissionGrant",
    "PermissionLevel",
    "RolesProject",
    "SdfProblem",
    "SdfRole",
    "Written",
    "grant",
    "problems",
    "roles_project",
    "validate",
    "write",
]
