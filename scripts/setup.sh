#!/usr/bin/env bash
# Installs the system packages that are missing. With --test also what only the tests use.
set -euo pipefail

packages=(gcc libc6-dev make pkg-config libxml2-dev libxslt1-dev)
if [ "${1:-}" = "--test" ]; then
  packages+=(libxml2-utils openssl curl git)
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
[ ${#missing[@]} -eq 0 ] && exit 0

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
