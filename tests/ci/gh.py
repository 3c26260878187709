"""The two calls of GitHub's CLI that our pipeline makes, on a folder of artefacts; run as `gh.py STORE ...`.

Sources: GitHub CLI manual, `gh api` (`--jq`) and `gh run download`; REST API, "List artifacts for a repository".
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import jq  # type: ignore[import-not-found, unused-ignore]


def main(store: Path, arguments: list[str]) -> int:
    """Answer one call, as `gh` does."""
    if not os.environ.get("GH_TOKEN"):
        sys.stderr.write("gh: To use GitHub CLI in a GitHub Actions workflow, set GH_TOKEN\n")
        return 4
    match arguments:
        case ["api", address, "--jq", expression]:
            name = address.removeprefix("repos/acme/secrets/actions/artifacts?name=")
            kept = [json.loads(path.read_text()) for path in sorted(store.glob("*/artefact.json"))]
            found = [one for one in kept if one["name"] == name]
            sys.stdout.write(jq.compile(expression).input_value({"artifacts": found}).text())
            return 0
        case ["run", "download", run, "--repo", "acme/secrets", "--name", name]:
            shutil.copytree(store / run / name, ".", dirs_exist_ok=True)
            return 0
    sys.stderr.write(f"gh: unknown call {arguments}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
