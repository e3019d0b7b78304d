#!/usr/bin/env bash
# Installs and builds what is missing, then compares the server and the swarm.
# Arguments are those of `hubswarm compare`; try --help.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/project.sh"

require_node
install_if_needed
build_if_stale
exec node "$ROOT/dist/cli.js" compare "$@"
