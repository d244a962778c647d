#!/usr/bin/env bash
# Installs Node-RED for the example in examples/node-red into target/node-red, once, as its lock file
# says. Fails, and says why, where that cannot be done.
set -euo pipefail
cd "$(dirname "$0")/.."

from=examples/node-red folder=target/node-red
cmp -s "$from/package-lock.json" "$folder/installed" && exit 0
command -v npm >/dev/null 2>&1 || {
  echo "npm is not installed" >&2
  exit 69
}
mkdir -p "$folder"
cp "$from/package.json" "$from/package-lock.json" "$from/.npmrc" "$folder/"
npm ci --prefix "$folder" --silent --no-fund --no-audit
cp "$from/package-lock.json" "$folder/installed"
