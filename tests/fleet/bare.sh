#!/usr/bin/env bash
# Proof on a bare machine: a minbase Debian (no sudo, git, ps, curl, no systemd running) made by mmdebstrap, a
# clone of this repository's HEAD in it, and one command run there.
# usage: bare.sh [COMMAND...]     default: ./dev quickstart, again (the second run), and ./dev down
#
# The machine is a container with the capabilities that an engine inside needs, and trusts whom this machine trusts,
# which npm needs behind some networks. After `./dev down` nothing may run in it but its process 1, and nothing may be
# mounted that was not before. KEEP=1 leaves it for a look.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export ROOT
for part in common state; do
  # shellcheck source=/dev/null
  source "$ROOT/scripts/$part.sh"
done
# shellcheck source=tests/fleet/fleet.sh
source "$ROOT/tests/fleet/fleet.sh"

# Process 1 only reaps, as any init does.
# shellcheck disable=SC2016
BARE_INIT='for m in $(grep cgroup /proc/mounts | cut -d" " -f2); do mount -o remount,bind,rw $m; done
  trap "exit 0" TERM; while :; do sleep 1 & wait; done'

main() {
  state_open "$ROOT/.dev/bare"
  trap finish EXIT
  fleet_engine_up
  state_end_all
  bare_up
  if (($#)); then bare_run "$@"; return; fi
  bare_run ./dev quickstart
  bare_run ./dev quickstart
  bare_run ./dev down
  bare_is_clean
}

finish() {
  if [[ -n ${KEEP:-} ]]; then note "kept: docker exec -it $(fleet_name bare) bash"; else fleet_down; fi
}

bare_image() {
  local tag id
  tag=reeve-bare:$({ echo "$FLEET_SUITE"; declare -f bare_tar; } | sha256sum | cut -c1-16)
  if ! docker image inspect "$tag" >/dev/null 2>&1; then
    id=$(bare_tar | docker import -) || die "the bare machine's image could not be built"
    docker tag "$id" "$tag"
  fi
  echo "$tag"
}

bare_tar() { as_root mmdebstrap --quiet --variant=minbase --format=tar "$FLEET_SUITE" - </dev/null; }

bare_up() {
  local image
  image=$(bare_image)
  state_record "container $(fleet_name bare)"
  docker run -d --name "$(fleet_name bare)" --hostname bare --label "reeve.playground=$STATE_ID" \
    --cap-add=ALL --cap-drop=SYS_RESOURCE --cgroupns=private --tmpfs /run --tmpfs /tmp:exec -v /var/lib/docker \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    -e LC_ALL=C "$image" /bin/bash -c "$BARE_INIT" >/dev/null
  git clone --quiet --no-local "$ROOT" "$STATE/clone.$$"
  tar -C "$STATE/clone.$$" --owner=0 --group=0 -cf - . | fleet_exec bare sh -c 'mkdir -p /root/reeve && tar -C /root/reeve -xf -'
  rm -rf "$STATE/clone.$$"
  fleet_exec bare mkdir -p /usr/local/share/ca-certificates
  docker cp -L /etc/ssl/certs/ca-certificates.crt "$(fleet_name bare):/usr/local/share/ca-certificates/network.crt" >/dev/null
  bare_mounts >"$STATE/mounts"
}

bare_mounts() { fleet_exec bare cut -d' ' -f2 /proc/mounts | sort; }

bare_run() {
  local start
  start=$(now_ds)
  note "bare\$ $*"
  docker exec -w /root/reeve "$(fleet_name bare)" "$@"
  note "bare: $* took $(seconds_since "$start") s"
}

# Processes but process 1 and its pause, and mounts that were not there at first: none.
bare_is_clean() {
  local table running
  table=$(docker top "$(fleet_name bare)" -eo pid,args)
  running=$(sed 1d <<<"$table" | awk '{$1 = ""; print substr($0, 2)}' | grep -vE '^(/bin/bash -c |sleep 1$)' || true)
  [[ -z $running ]] || die "still running: $running"
  diff "$STATE/mounts" <(bare_mounts) || die "still mounted"
  note "bare: nothing runs, nothing is mounted"
}

main "$@"
