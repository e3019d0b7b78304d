#!/usr/bin/env bash
# Everything that must pass before a change is kept: format, lint, types, and all tests.
# Arguments go to the test runner (a path runs only the tests below it).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/project.sh"
answer_help "$@"

require_node
install_if_needed
build_if_stale
cd "$ROOT"
npm run --silent check
npm test --silent -- "$@"
