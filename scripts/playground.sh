# shellcheck shell=bash
# The playground: two hosts as containers. All state is in .dev/.

PLAYGROUND_HOSTS=(h1 h2)

playground_up() {
  steps_begin 5
  state_open "$ROOT/.dev"
  step "packages" packages_install build
  step "build" suites_build dev
  step "docker engine" fleet_engine_up
  step "host image" playground_image
  step "hosts ${PLAYGROUND_HOSTS[*]}" playground_hosts_up
  note "up. ./dev down ends it."
}

playground_image() { fleet_image >/dev/null; }

playground_hosts_up() {
  local host
  for host in "${PLAYGROUND_HOSTS[@]}"; do fleet_host_up "$host"; done
}

# Ends what was recorded here, what a killed run of the fleet tests left, and the engine if it was ours.
playground_down() {
  local failed=0
  state_open "$ROOT/.dev"
  fleet_down || failed=1
  if [[ -d $ROOT/.dev/test ]]; then playground_down_tests || failed=1; fi
  ((failed == 0)) || die "not all could be ended; what is left is in .dev/owned; run ./dev down again"
  note "down: nothing of this checkout is running"
}

playground_down_tests() (
  exec 7>"$ROOT/.dev/test.lock"
  flock -n 7 || { note "fleet tests are running in this checkout: left alone"; exit 0; }
  state_open "$ROOT/.dev/test"
  fleet_down
)
