"""`python -m tba_secrets.provider`: the plugin itself, or with `--schema` its package schema."""

from __future__ import annotations

import sys

from tba_secrets.provider.process import main
from tba_secrets.provider.server import Provider

if sys.argv[1:] == ["--schema"]:
    sys.stdout.write(Provider(None).schema() + "\n")
else:
    main()
