#!/usr/bin/env bash
# The fleet tests: every function fleet_test_* of cases/*.sh, in order, each on real hosts.
# usage: run.sh [NAME...]   only the tests whose name contains one of these words.
#
# A case file may define setup_<file> (run before its first test; failing it fails all its tests). Hosts, control
# plane and engine are this run's own (.dev/test) and are ended when it ends; KEEP=1 leaves them.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export ROOT
for part in scripts/{common,state,suites} tests/fleet/{fleet,control,actual,expect,look}; do
  # shellcheck source=/dev/null
  source "$ROOT/$part.sh"
done

passed=0 failed=0 skipped=0

main() {
  mkdir -p "$ROOT/.dev"
  exec 7>"$ROOT/.dev/test.lock"
  flock -n 7 || die "another run of the fleet tests is under way in this checkout"
  state_open "$ROOT/.dev/test"
  control_open
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM  # Without these, what a signal ends would have passed.
  fleet_engine_up
  state_end_all  # What a run that was killed left behind.
  rm -rf "$CONTROL" "$STATE/tmp"
  run_files "$@"
}

finish() {
  local status=$?
  if [[ -n ${KEEP:-} ]]; then note "kept: state in $STATE"; else fleet_down || failed=$((failed + 1)); fi
  ((status == 0)) || failed=$((failed + 1))
  note "   fleet: $passed passed, $failed failed, $skipped skipped"
  [[ -z ${FLEET_COUNTS:-} ]] || echo "$passed $failed $skipped" >"$FLEET_COUNTS"
  exit $((failed > 0))
}

run_files() {
  local file tests
  for file in "$ROOT"/tests/fleet/cases/*.sh; do
    mapfile -t tests < <(sed -n 's/^\(fleet_test_[a-z0-9_]*\)().*/\1/p' "$file" | matching "$@")
    ((${#tests[@]} == 0)) || run_file "$file" "${tests[@]}"
  done
}

matching() {
  local name word
  while read -r name; do
    (($#)) || echo "$name"
    for word; do if [[ $name == *"$word"* ]]; then echo "$name"; break; fi; done
  done
}

run_file() {
  local file=$1 name setup
  shift
  setup=setup_$(basename "$file" .sh | sed 's/^[0-9]*_//')
  STATUS=0
  if grep -q "^$setup()" "$file"; then run_one "$file" "$setup"; fi
  if ((STATUS)); then
    for name; do report FAILED "$name" "$(now_ds)" "its setup failed"; failed=$((failed + 1)); done
    return
  fi
  for name; do
    run_one "$file" "$name"
    if ((STATUS == 0)); then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  done
}

# run_one FILE FUNCTION: in a shell of its own with errexit, its output kept and shown when it fails. The result is in
# STATUS: called in a condition, a function and all subshells in it would have no errexit.
run_one() {
  local start log=$STATE/log/$2
  start=$(now_ds)
  set +e
  (
    set -e
    # shellcheck source=/dev/null
    source "$1"
    "$2"
  ) </dev/null 7>&- >"$log" 2>&1
  STATUS=$?
  set -e
  if ((STATUS == 0)); then report ok "$2" "$start"; return; fi
  report FAILED "$2" "$start"
  sed 's/^/      /' "$log" | tail -n 40
}

report() { printf '   %-6s %s (%s s)%s\n' "$1" "$2" "$(seconds_since "$3")" "${4:+: $4}"; }

main "$@"
