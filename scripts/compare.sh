#!/usr/bin/env bash
# Installs and builds what is missing, then compares the server and the swarm.
# Arguments are those of `hubswarm compare`; try --help, which builds nothing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/project.sh"

require_node
case " $* " in
  *' --help '* | *' -h '*)
    [ -f "$ROOT/dist/cli.js" ] ||
      fail "--help is the built program's own; run 'npm ci && npm run build' in $ROOT first"
    ;;
  *)
    install_if_needed
    build_if_stale
    ;;
esac
exec node "$ROOT/dist/cli.js" compare "$@"
