#!/usr/bin/env bash
# install.sh TOOL: make TOOL available. A tool that cannot be had is a failure.
#
#   pulumi                  from PATH; else the vendor's release, checked against the SHA-256 that the vendor publishes;
#                           else built into .tools/bin from the Go module that is pinned beside this script
#   vault                   from PATH, else built in the same way
#   pulumi-language-nodejs  from PATH, else built in the same way
#   chromium                from PATH, else Debian's package: for the tests of the pages
#   npm FOLDER              what the folder's package-lock.json pins
#
# Nothing that was downloaded runs unchecked: Go checks go.sum, npm its lock file, apt its signatures.
set -euo pipefail
tool=${1:?usage: install.sh pulumi|pulumi-language-nodejs|vault|chromium|npm FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
bin=$here/../.tools/bin
mkdir -p "$bin"
bin=$(cd "$bin" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# build FOLDER PACKAGE BINARY [LDFLAGS]: from the pinned module, with a line every half minute so that it is seen to live.
build() {
  local folder=$1 package=$2 binary=$3 flags=${4:-} ticker
  say "building $binary from source ($package): some minutes, once"
  (while sleep 30; do say "  ... still building $binary ($SECONDS s)"; done) &
  ticker=$!
  (cd "$here/$folder" && go build -trimpath -ldflags "-s -w $flags" -o "$bin/$binary" "$package") ||
    { kill "$ticker"; say "building $binary failed"; return 1; }
  kill "$ticker"
}

need_go() {
  have go && return
  say "$tool is not on PATH, its release cannot be had, and there is no Go to build it with."
  say "Install $1, or Go 1.25 or later, and run this again."
  exit 1
}

pulumi_version=$(sed -n 's#.*github.com/pulumi/pulumi/pkg/v3 v\([0-9.]*\).*#\1#p' "$here/pulumi/go.mod" | head -1)

# The archive and its checksums come from two hosts: whoever changes one of them is noticed. Both can be a mirror's.
pulumi_archives=${PULUMI_ARCHIVES:-https://get.pulumi.com/releases/sdk}
pulumi_checksums=${PULUMI_CHECKSUMS:-https://github.com/pulumi/pulumi/releases/download/v$pulumi_version}

download() { curl -fsSL --connect-timeout 5 --max-time "$3" --output "$2" "$1" 2>/dev/null; }

sha256() { if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }

platform() {
  local system machine
  case $(uname -s) in Linux) system=linux ;; Darwin) system=darwin ;; *) return 1 ;; esac
  case $(uname -m) in x86_64 | amd64) machine=x64 ;; aarch64 | arm64) machine=arm64 ;; *) return 1 ;; esac
  printf '%s-%s' "$system" "$machine"
}

# Return 1, to build instead, where the release or its checksums cannot be had. An archive that does not match is no
# reason to build: it ends the script, for somebody has to look at it.
from_pulumi_release() {
  have curl || return 1
  local archive sums published actual
  archive=pulumi-v$pulumi_version-$(platform).tar.gz || return 1
  sums=pulumi-$pulumi_version-checksums.txt
  say "trying Pulumi's release: $archive"
  download "$pulumi_checksums/$sums" "$scratch/sums" 30 || return 1
  published=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$scratch/sums")
  [[ $published =~ ^[0-9a-f]{64}$ ]] || { say "$sums has no SHA-256 of $archive"; return 1; }
  download "$pulumi_archives/$archive" "$scratch/archive" 300 || return 1
  actual=$(sha256 "$scratch/archive")
  if [ "$actual" != "$published" ]; then
    say "$archive is not what Pulumi published: its SHA-256 is $actual, published is $published."
    say "It was not installed. Run this again; if that does not help, install Pulumi from your own packages."
    exit 1
  fi
  tar -xzf "$scratch/archive" -C "$scratch" && cp "$scratch"/pulumi/* "$bin/"
}

from_pulumi_source() {
  need_go "the Pulumi CLI (https://www.pulumi.com/docs/install/)"
  build pulumi github.com/pulumi/pulumi/pkg/v3/cmd/pulumi pulumi \
    "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$pulumi_version"
  build pulumi-language-python github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python pulumi-language-python
  local sdk
  sdk=$(cd "$here/pulumi-language-python" && go list -m -f '{{.Dir}}' github.com/pulumi/pulumi/sdk/v3)
  install -m 0755 "$sdk/python/cmd/pulumi-language-python-exec" "$bin/"
}

from_vault_source() {
  need_go "Vault (https://developer.hashicorp.com/vault/install)"
  build vault github.com/hashicorp/vault vault
}

from_debian() {
  have apt-get || { say "install Chromium and its driver (chromedriver), then run this again"; exit 1; }
  say "installing Debian's chromium and chromium-driver"
  apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver >/dev/null
}

need_node() {
  local major=0
  if have node && have npm; then major=$(node -p 'process.versions.node.split(".")[0]'); fi
  [ "$major" -ge 20 ] && return
  say "Node.js 20 or later, with npm, is not on PATH; the example in examples/nodejs and the tests of the schema run on it."
  say "Install it (https://nodejs.org/en/download), and run this again."
  exit 1
}

# What is installed is newer than the lock file from here on: make looks at that.
from_npm() {
  need_node
  say "installing the npm packages of $1"
  (cd "$here/../$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 &&
    touch node_modules/.package-lock.json)
}

if [ "$tool" = npm ]; then
  from_npm "${2:?usage: install.sh npm FOLDER}"
  exit 0
fi
if [ "$tool" = chromium ]; then
  if have chromium && have chromedriver; then exit 0; fi
  from_debian
  exit 0
fi
if [ -x "$bin/$tool" ]; then exit 0; fi
if have "$tool"; then
  say "using $tool from PATH: $(command -v "$tool")"
  exit 0
fi
case $tool in
  pulumi) from_pulumi_release || from_pulumi_source ;;
  pulumi-language-nodejs)
    need_go "Pulumi with its language hosts (https://www.pulumi.com/docs/install/)"
    build "$tool" github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs "$tool"
    exit 0
    ;;
  vault) from_vault_source ;;
  *) say "unknown tool: $tool"; exit 2 ;;
esac
say "$tool: $("$bin/$tool" version | head -1)"
