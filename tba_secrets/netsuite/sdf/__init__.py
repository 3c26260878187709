"""Write an environment's roles as a SuiteCloud Development Framework (SDF) project.

SDF can create roles only. "You cannot create an integration record using SDF" (Oracle help,
"Integration Records as XML Definitions"); access tokens have no SDF object; and features that need a
Terms of Service agreement stay off.
"""

from __future__ import annotations

from tba_secrets.netsuite.sdf.folder import Written, write
from tba_secrets.netsuite.sdf.project import RolesProject, roles_project
from tba_secrets.netsuite.sdf.validator import validate

__all__ = ["RolesProject", "Written", "roles_project", "validate", "write"]
