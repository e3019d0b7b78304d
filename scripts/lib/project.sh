# Shared by the scripts a person runs by hand; source it from bash with `set -euo pipefail`.
# Finds the project, checks Node.js, installs and builds only what is missing or stale.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

fail() {
  printf 'hubswarm: %s\n' "$1" >&2
  exit 1
}

# Of the arguments --help as the first: prints the comment at the head of the script, and ends.
answer_help() {
  case "${1:-}" in
    -h | --help) ;;
    *) return 0 ;;
  esac
  sed -n '2,${/^#/!q; s/^# \{0,1\}//p}' "$0"
  exit 0
}

# Node's own check would come too late: an older one fails on the first import.
require_node() {
  local found
  command -v node >/dev/null 2>&1 ||
    fail 'Node.js is not installed or not in PATH; install version 20.19 or newer (https://nodejs.org)'
  command -v npm >/dev/null 2>&1 ||
    fail 'npm is not installed or not in PATH; it comes with Node.js (https://nodejs.org)'
  found="$(node --version)"
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js $found is too old; install version 20.19 or newer (https://nodejs.org)"
}

# Runs a command quietly; when it fails, shows what it printed and ends.
quietly() {
  local what="$1" output status=0
  shift
  output="$("$@" 2>&1)" || status=$?
  [ "$status" -eq 0 ] && return
  printf '%s\n' "$output" >&2
  fail "$what failed (exit $status); its output is above"
}

# npm writes node_modules/.package-lock.json last, so it dates the whole install.
install_if_needed() {
  local stamp="$ROOT/node_modules/.package-lock.json"
  if [ -f "$stamp" ] && [ ! "$ROOT/package-lock.json" -nt "$stamp" ]; then return; fi
  printf 'Installing dependencies (npm ci) ...\n' >&2
  quietly 'npm ci' npm --prefix "$ROOT" ci --no-audit --no-fund
  touch "$stamp"
}

# Stale: older than any source, the build script, or the installed dependencies; or without the
# caches of this Node.js.
build_if_stale() {
  local built="$ROOT/dist/cli.js"
  if [ -f "$built" ] && [ -d "$ROOT/dist/cache/$(node -p 'process.version+"-"+process.arch')-other" ] && [ -z "$(find "$ROOT/src" "$ROOT/scripts/build.mjs" "$ROOT/scripts/lib" "$ROOT/package-lock.json" -newer "$built" -print -quit)" ]; then
    return
  fi
  printf 'Building ...\n' >&2
  quietly 'the build' npm --prefix "$ROOT" run --silent build
}
