# shellcheck shell=bash
# Real hosts on one machine: containers with systemd as process 1, D-Bus, journal and nginx, on a network of
# their own. Used by the playground (./dev) and by the tests (run.sh), each under its own STATE (scripts/state.sh):
# everything made here is named reeve-<STATE id>-... and labelled reeve.playground=<STATE id>.
#
# A host is plain Debian plus what the agent links to. Nothing of ours is in the image, so it is rebuilt only when
# the recipe changes.

FLEET_PACKAGES=(
  systemd systemd-sysv dbus nginx-light ca-certificates curl iproute2 procps
  libgrpc++1.51 libprotobuf32 libsdbus-c++1 libspdlog1.10 libfmt9 libarchive13 libyaml-cpp0.7
  libprometheus-cpp-core1.0 libprometheus-cpp-pull1.0 libcurl4 libcpp-httplib0.11
  nodejs)
FLEET_SUITE=bookworm

# ---- the Docker engine ---------------------------------------------------------------------------------------
# One engine serves the whole machine. If it runs already it is used and never stopped. If it was started here,
# /run/reeve-dev remembers that, and who uses it; the last user's fleet_engine_down stops it.
ENGINE_STATE=/run/reeve-dev

docker() {
  if [[ $EUID -eq 0 || -w /var/run/docker.sock ]]; then command docker "$@"; else as_root docker "$@"; fi
}

engine_answers() { docker info --format '{{.ServerVersion}}' >/dev/null 2>&1; }

fleet_engine_up() {
  command -v dockerd >/dev/null || die "there is no dockerd: run ./dev packages"
  [[ -d $ENGINE_STATE/users ]] || as_root install -d -o "$(id -u)" "$ENGINE_STATE" "$ENGINE_STATE/users"
  (
    flock 8
    touch "$ENGINE_STATE/users/$STATE_ID"
    engine_answers || fleet_engine_start 8>&-
  ) 8>"$ENGINE_STATE/lock"
}

fleet_engine_start() {
  state_open "$ENGINE_STATE"
  mounts >"$ENGINE_STATE/mounts"
  if [[ -d /run/systemd/system ]]; then
    systemctl is-active -q containerd.service || state_record "service containerd.service"
    state_record "service docker.service"
    as_root systemctl start docker.service
  else
    state_spawn dockerd "${ROOT_ARGV[@]}" dockerd
  fi
  wait_until 60 "the Docker engine" engine_answers && return
  tail -n 20 "$STATE/log/dockerd" >&2
  die "dockerd does not answer; its log is $STATE/log/dockerd"
}

# Ends the engine if it was started here, nobody else has asked for it and no container is running.
fleet_engine_down() {
  [[ -e $ENGINE_STATE/lock ]] || return 0
  (
    flock 8
    rm -f "$ENGINE_STATE/users/$STATE_ID"
    [[ -s $ENGINE_STATE/owned && -z $(ls "$ENGINE_STATE/users") ]] || exit 0
    if [[ -n $(docker ps -q 2>/dev/null) ]]; then note "the Docker engine has other containers: left running"; exit 0; fi
    state_open "$ENGINE_STATE"
    state_end_all 8>&-
    fleet_engine_unmount
  ) 8>"$ENGINE_STATE/lock"
}

# dockerd leaves its network namespace mounted; what it mounted is what was not there before it.
fleet_engine_unmount() {
  local path
  [[ -e $ENGINE_STATE/mounts ]] || return 0
  while read -r path; do
    if [[ $path == /run/docker/* || $path == /var/lib/docker* ]]; then as_root umount "$path"; fi
  done < <(comm -13 "$ENGINE_STATE/mounts" <(mounts) | sort -r)
  rm -f "$ENGINE_STATE/mounts"
}

state_end_service() { as_root systemctl stop docker.socket "$1" 2>/dev/null; }
state_end_container() { fleet_gone container "$1" || docker rm -fv "$1" >/dev/null; }
state_end_network() { fleet_gone network "$1" || docker network rm "$1" >/dev/null; }

# Is it certain that there is none? A silent engine is no proof.
fleet_gone() {
  local out
  if out=$(docker "$1" inspect "$2" 2>&1); then return 1; fi
  [[ $out == *"No such"* || $out == *"not found"* ]]
}

# ---- the image -----------------------------------------------------------------------------------------------

fleet_recipe() { printf '%s\n' "$FLEET_SUITE" "${FLEET_PACKAGES[@]}" "$@"; declare -f fleet_image_tar; }

# fleet_image [PACKAGE...]: prints the image's tag, after building it if this recipe never was.
# shellcheck disable=SC2120
fleet_image() {
  local tag id
  tag=reeve-fleet:$(fleet_recipe "$@" | sha256sum | cut -c1-16)
  if ! docker image inspect "$tag" >/dev/null 2>&1; then
    # A name only when all of it came: Docker makes an image of nothing, too.
    id=$(fleet_image_tar "$@" | docker import -) || die "the hosts' image could not be built"
    docker tag "$id" "$tag"
  fi
  echo "$tag"
}

# shellcheck disable=SC2016
# Debian's default site owns default_server, which is Reeve's to answer; each host makes its own machine id.
fleet_image_tar() {
  local packages=("${FLEET_PACKAGES[@]}" "$@")
  as_root mmdebstrap --quiet --variant=minbase --format=tar --include="${packages[*]}" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
    --customize-hook='rm "$1/etc/nginx/sites-enabled/default"' \
    --customize-hook=': >"$1/etc/machine-id"' \
    "$FLEET_SUITE" - </dev/null
}

# ---- hosts ---------------------------------------------------------------------------------------------------

fleet_name() { echo "reeve-$STATE_ID-$1"; }
fleet_network() { echo "reeve-$STATE_ID"; }

fleet_network_up() {
  docker network inspect "$(fleet_network)" >/dev/null 2>&1 && return
  state_record "network $(fleet_network)"
  docker network create --label "reeve.playground=$STATE_ID" "$(fleet_network)" >/dev/null
}

# The machine's own address on the hosts' network: where a control plane that runs as a process is reached.
fleet_gateway() { docker network inspect -f '{{(index .IPAM.Config 0).Gateway}}' "$(fleet_network)"; }

# fleet_host_up NAME [IMAGE]: a running host; one that is up already is left as it is.
fleet_host_up() {
  local image
  fleet_network_up
  if [[ $(fleet_state "$1") != running ]]; then
    image=${2:-}
    [[ -n $image ]] || image=$(fleet_image)
    if fleet_gone container "$(fleet_name "$1")"; then fleet_host_create "$1" "$image"; fi
    docker start "$(fleet_name "$1")" >/dev/null
  fi
  fleet_host_wait "$1"
}

# Container capabilities and the remount make systemd, D-Bus and cgroups work on cgroup v1 and v2; CAP_SYS_RESOURCE
# is left out because some machines do not have it to give.
# shellcheck disable=SC2016
FLEET_INIT='for m in $(grep cgroup /proc/mounts | cut -d" " -f2); do mount -o remount,bind,rw $m; done; exec /lib/systemd/systemd'
fleet_host_create() {
  state_record "container $(fleet_name "$1")"
  # Docker lets everybody bind ports below 1024; a Debian host does not.
  docker create --name "$(fleet_name "$1")" --hostname "$1" --network "$(fleet_network)" \
    --sysctl net.ipv4.ip_unprivileged_port_start=1024 \
    --label "reeve.playground=$STATE_ID" --cap-add=ALL --cap-drop=SYS_RESOURCE --stop-signal=SIGRTMIN+3 \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    --cgroupns=private --tmpfs /run --tmpfs /tmp -v /var/lib/docker "$2" /bin/sh -c "$FLEET_INIT" >/dev/null
}

fleet_state() { docker container inspect -f '{{.State.Status}}' "$(fleet_name "$1")" 2>/dev/null || echo none; }

fleet_host_wait() {
  if wait_until 60 "host $1 to be running" fleet_host_is_running "$1"; then return; fi
  fleet_exec "$1" systemctl list-jobs --no-pager >&2 || docker logs --tail 20 "$(fleet_name "$1")" >&2
  return 1
}
# Booted: that a unit has failed since (a site may) does not take the host away.
fleet_host_is_running() { [[ $(fleet_exec "$1" systemctl is-system-running) =~ ^(running|degraded)$ ]]; }

fleet_host_down() {
  state_end_container "$(fleet_name "$1")"
  state_forget "container $(fleet_name "$1")"
}

fleet_host_ip() {
  docker inspect -f "{{(index .NetworkSettings.Networks \"$(fleet_network)\").IPAddress}}" "$(fleet_name "$1")"
}

# fleet_exec NAME COMMAND...: in the host, as root; stdin is passed on.
fleet_exec() {
  local name=$1
  shift
  docker exec -i "$(fleet_name "$name")" "$@"
}

# fleet_copy NAME DEST FILE...: files of this machine into a directory of the host.
fleet_copy() {
  local name=$1 dest=$2
  shift 2
  tar -C / -c --transform='s,.*/,,' --owner=0 --group=0 -f - "$@" 2>/dev/null | fleet_exec "$name" tar -C "$dest" --no-same-owner -xf -
}

# fleet_get NAME DOMAIN PATH: the page as a visitor gets it, through the host's nginx.
fleet_get() { curl -fsS --max-time 5 --noproxy '*' --resolve "$2:80:$(fleet_host_ip "$1")" "http://$2$3"; }

# All that belongs to STATE: hosts, network, the engine if it was ours.
fleet_down() {
  # An engine that is gone (the machine restarted) still has the containers on its disk.
  if grep -qE '^(container|network) ' "$STATE/owned"; then fleet_engine_up; fi
  state_end_all || return
  fleet_engine_down
}
