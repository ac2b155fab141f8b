# shellcheck shell=bash
# ./dev soak: the store's proof at its whole counts. tests/proof/README.md says what each suite checks.

# NAME BINARY GOOGLETEST-FILTER
SOAK_SUITES=(
  'power power_cut_test *'
  'kill rocks_crash_test RocksCrashTest.*'
  'damage damage_test *'
  'history history_test HistoryTest.*'
  'contention history_test ContentionTest.*'
  'claims registry_proof_test *'
  'process process_history_test *'
  'fuzz - -'
)

soak_names() {
  local suite
  for suite in "${SOAK_SUITES[@]}"; do echo "${suite%% *}"; done
}

# suites_soak [NAME...]: all suites, or those named. REEVE_SEED=N repeats a run's seed.
suites_soak() {
  local suite name binary filter failed=0 wanted=" $* " log
  for name in "$@"; do
    soak_names | grep -qx "$name" || die "soak: unknown suite $name (there are: $(soak_names | paste -sd ' '))"
  done
  suites_build dev reeve-apiserver store_crash_writer power_cut_test rocks_crash_test damage_test history_test \
    registry_proof_test process_history_test
  mkdir -p "$ROOT/build/soak"
  for suite in "${SOAK_SUITES[@]}"; do
    read -r name binary filter <<<"$suite"
    [[ $# == 0 || $wanted == *" $name "* ]] || continue
    log=$ROOT/build/soak/$name.log
    note "== soak $name"
    if [[ $name == fuzz ]]; then
      suites_fuzz || failed=1
      continue
    fi
    if (cd "$ROOT" && REEVE_SOAK=1 "build/dev/bin/$binary" --gtest_filter="$filter") >"$log" 2>&1; then
      sed -n 's/^reached: /   /p' "$log"
    else
      failed=1
      grep -a -E '^reached: |FAILED|Failure' "$log" | head -n 40
      note "   FAILED; all of it is in $log"
    fi
  done
  return "$failed"
}
