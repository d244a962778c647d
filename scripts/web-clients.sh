#!/usr/bin/env bash
# Installs what looks at reports as their readers do: a driver for Chromium, a checker for
# accessibility, and a reader of JUnit, into target/web-clients, once. Fails where that cannot be done.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=target/web-clients
list=(axe-core@4.14.1 playwright-core@1.65.1 allure@3.18.0)
[ "$(cat "$folder/installed" 2>/dev/null)" = "${list[*]}" ] && exit 0
command -v npm >/dev/null 2>&1 || {
  echo "npm is not installed" >&2
  exit 69
}
npm install --silent --no-fund --no-audit --prefix "$folder" "${list[@]}"
echo "${list[*]}" >"$folder/installed"
