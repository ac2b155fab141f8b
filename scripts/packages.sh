# shellcheck shell=bash
# The Debian packages that building, running and testing need. Works on a minbase Debian: before this has run
# there may be no sudo, git, ps or curl.

PACKAGES_BUILD=(
  cmake ninja-build ccache mold g++ pkg-config git ca-certificates
  protobuf-compiler protobuf-compiler-grpc libgrpc++-dev libprotobuf-dev librocksdb-dev
  libyaml-cpp-dev libspdlog-dev libfmt-dev prometheus-cpp-dev libabsl-dev
  libgtest-dev libgmock-dev libbenchmark-dev libcli11-dev nlohmann-json3-dev
  libsdbus-c++-dev libsystemd-dev libcurl4-openssl-dev libssl-dev libcpp-httplib-dev
  libarchive-dev libc-ares-dev libboost1.81-dev libtcmalloc-minimal4
  docker.io iptables mmdebstrap curl iproute2 procps xz-utils openssl)
PACKAGES_TEST=(
  clang clang-format libclang-rt-14-dev etcd-server etcd-client prometheus python3 python3-kubernetes shellcheck
  kubernetes-client nodejs npm zsh fish mandoc groff-base)

# These may also come from elsewhere (Docker's own packages conflict with Debian's): the command is enough.
declare -A PACKAGES_BY_COMMAND=([docker.io]=dockerd [iptables]=iptables [kubernetes-client]=kubectl [nodejs]=node
  [npm]=npm)

packages_wanted() {
  case $1 in
    build) printf '%s\n' "${PACKAGES_BUILD[@]}" ;;
    all) printf '%s\n' "${PACKAGES_BUILD[@]}" "${PACKAGES_TEST[@]}" ;;
    *) die "packages: unknown group $1 (build, all)" ;;
  esac
}

# The wanted ones that are not there, one a line.
packages_missing() {
  local -A have=()
  local status name command
  while read -r status name; do
    [[ $status == ii ]] && have[$name]=1
  done < <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null)
  while read -r name; do
    command=${PACKAGES_BY_COMMAND[$name]:-}
    [[ -n ${have[$name]:-} ]] || { [[ -n $command ]] && command -v "$command" >/dev/null; } || echo "$name"
  done < <(packages_wanted "$1")
}

# apt, without questions, waiting up to 10 minutes for another apt to finish.
packages_apt() {
  as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -o DPkg::Lock::Timeout=600 -o APT::Color=0 \
    -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io -qq -y --no-install-recommends "$@"
}

# An earlier dpkg may have been killed half way. Its lock is waited for too.
packages_repair() (
  [[ -z $(dpkg --audit 2>/dev/null) ]] && return
  trap packages_policy_clear EXIT
  packages_policy_set
  note "an earlier package installation was interrupted: finishing it"
  PAUSE_SECONDS=2 wait_until 600 "dpkg --configure -a" as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a
  packages_apt --fix-broken install
  packages_disable_services etcd prometheus
)

# The lists' lock has no timeout of its own in apt.
packages_update() {
  PAUSE_SECONDS=2 wait_until 300 "apt-get update" packages_apt update || packages_apt update
}

# Package scripts ask /usr/sbin/policy-rc.d whether they may start services: no, while this runs.
POLICY=/usr/sbin/policy-rc.d
packages_policy_set() {
  [[ -e $POLICY ]] && return
  as_root sh -c "printf '#!/bin/sh\n# put here by ./dev packages while it runs\nexit 101\n' >$POLICY && chmod 755 $POLICY"
}
packages_policy_clear() {
  if grep -qs 'put here by ./dev packages' "$POLICY"; then as_root rm -f "$POLICY"; fi
}

# Databases and monitors that came only for the tests are not to start at the machine's next boot.
packages_disable_services() {
  local unit
  command -v systemctl >/dev/null || return 0
  for unit in etcd prometheus; do
    if [[ " $* " == *" $unit"* ]]; then as_root systemctl disable -q "$unit.service" 2>/dev/null || true; fi
  done
}

# packages_install GROUP: installs what is missing; prints download and installation times apart.
packages_install() {
  local missing start download
  [[ -r /etc/debian_version ]] || die "this is not Debian; the packages needed are listed in scripts/packages.sh"
  packages_policy_clear  # Of a run that was killed.
  packages_repair
  mapfile -t missing < <(packages_missing "$1")
  if ((${#missing[@]} == 0)); then note "packages: all there"; return; fi
  note "packages: installing ${#missing[@]}: ${missing[*]}"
  start=$(now_ds)
  packages_update
  packages_apt --download-only install "${missing[@]}" >/dev/null
  download=$(seconds_since "$start")
  start=$(now_ds)
  packages_unpack "${missing[@]}"
  note "packages: download $download s, installation $(seconds_since "$start") s"
}

packages_unpack() (
  trap packages_policy_clear EXIT
  packages_policy_set
  packages_apt install "$@" >/dev/null
  packages_disable_services "$@"
)
