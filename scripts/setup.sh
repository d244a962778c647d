#!/usr/bin/env bash
# Installs the system packages that are missing. With --test also what only the tests use; with
# --bench what the benches compare with, where npm is there.
set -euo pipefail

packages=(gcc libc6-dev make pkg-config libxml2-dev libxslt1-dev)
if [ "${1:-}" = "--test" ]; then
  packages+=(libxml2-utils openssl curl git python3-venv swaks libnet-ssleay-perl cmis-client
    poppler-utils chromium)
  # For the example with Node-RED. Only where neither is there yet: other sources of Node bring npm
  # along, and Debian's would not go with them.
  if ! command -v node >/dev/null 2>&1 && ! command -v npm >/dev/null 2>&1; then
    packages+=(nodejs npm)
  fi
fi

if ! command -v cargo >/dev/null 2>&1; then
  echo "Rust is missing: install it with rustup (Rust 1.95 or newer), then try again." >&2
  exit 69
fi

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "This is no Debian; these must be there: ${packages[*]}" >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  # pkg-config is a package of another name on newer systems, but the name still resolves.
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  case "$status" in
    *"ok installed") ;;
    *) missing+=("$package") ;;
  esac
done

# Programs of others that tests let loose on ours, in a throw-away environment; without it these
# tests say that they were skipped.
clients() {
  local list=scripts/python-clients.txt folder=target/python-clients
  cmp -s "$list" "$folder/installed" && return 0
  if python3 -m venv --clear "$folder" && "$folder/bin/pip" install -q --disable-pip-version-check -r "$list"; then
    cp "$list" "$folder/installed"
  else
    echo "note: the Python clients could not be installed; the tests that use them are skipped" >&2
  fi
}

others() {
  clients
  scripts/node-red.sh ||
    echo "note: Node-RED could not be installed; the tests that use it are skipped" >&2
  scripts/web-clients.sh ||
    echo "note: the web clients could not be installed; the tests that use them are skipped" >&2
}

if [ "${1:-}" = "--bench" ]; then
  if command -v npm >/dev/null 2>&1; then
    npm install --silent --no-fund --no-audit --prefix target/bench-clients wiremock@3.13.2
  else
    echo "note: no npm; the benches skip the comparison with WireMock" >&2
  fi
fi

if [ ${#missing[@]} -eq 0 ]; then
  if [ "${1:-}" = "--test" ]; then others; fi
  exit 0
fi

echo "Installing: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null 2>&1 || {
    echo "Neither root nor sudo: have somebody install ${missing[*]}" >&2
    exit 69
  }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
if [ "${1:-}" = "--test" ]; then others; fi
