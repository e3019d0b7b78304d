#!/usr/bin/env bash
# Installs the programs that some tests, benchmarks and comparisons (`compare --rivals`) hold
# Hubswarm against, from Debian's packages (needs root and apt-get). Without them those tests are skipped and listed at the end,
# or fail with HUBSWARM_REQUIRE=all.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/project.sh"
answer_help "$@"
if [ $# -gt 0 ]; then
  printf "install-tools.sh: '%s' is not accepted; see 'scripts/install-tools.sh --help'\n" "$1" >&2
  exit 2
fi

declare -A PACKAGE=(
  [nginx]=nginx-light [haproxy]=haproxy [aria2c]=aria2 [wget]=wget [curl]=curl
  [chromium]=chromium [unzip]=unzip [wrk]=wrk [ip]=iproute2 [rsync]=rsync
  [taskset]=util-linux [systemd-analyze]=systemd [script]=bsdutils [zsh]=zsh [fish]=fish
  [lftp]=lftp [rclone]=rclone [ethtool]=ethtool [nft]=nftables [opentracker]=opentracker
  [transmission-create]=transmission-cli [strace]=strace [miniupnpd]=miniupnpd-nftables
)

missing=()
for program in "${!PACKAGE[@]}"; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null 2>&1 || missing+=("${PACKAGE[$program]}")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  printf 'hubswarm: missing, and not installed without root and apt-get: %s\n' "${missing[*]}" >&2
  exit 1
fi
printf 'Installing %s ...\n' "${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
