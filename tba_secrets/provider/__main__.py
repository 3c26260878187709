"""`python -m tba_secrets.provider`: the plugin itself, or with `--schema` its package schema."""

from __future__ import annotations

import sys

from tba_secrets.provider.host import Host, unheard
from tba_secrets.provider.process import main
from tba_secrets.provider.registry import handlers
from tba_secrets.provider.schema import package_schema

if sys.argv[1:] == ["--schema"]:
    sys.stdout.write(package_schema(handlers(Host(log=unheard)).values()) + "\n")
else:
    main()
