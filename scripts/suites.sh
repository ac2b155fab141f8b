# shellcheck shell=bash
# Building and testing: ./dev build, test, fmt.

JOBS=${JOBS:-$(nproc)}

# ccache shares objects between checkouts and presets' re-configurations. Knowing them by what their compilation read,
# it preprocesses nothing.
export CCACHE_DEPEND=1
export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CCACHE_BASEDIR:-$ROOT}
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros,include_file_mtime,include_file_ctime}

# suites_build [PRESET [TARGET...]]
suites_build() {
  local preset=${1:-dev}
  shift || true
  [[ -e $ROOT/build/$preset/build.ninja ]] || (cd "$ROOT" && cmake --preset "$preset" >/dev/null)
  ninja -C "$ROOT/build/$preset" -j "$JOBS" --quiet "$@"
}

# ---- test ----------------------------------------------------------------------------------------------------
# Every suite adds to these; a suite that cannot even be built or started is one failure, never silence.
PASSED=0 FAILED=0 SKIPPED=0

suites_count() { PASSED=$((PASSED + $1)) FAILED=$((FAILED + $2)) SKIPPED=$((SKIPPED + $3)); }

suites_test() {
  local all=0
  case ${1:-} in
    --all) all=1 ;;
    '') ;;
    *) die "test: unknown argument $1 (only --all)" ;;
  esac
  packages_install all
  suites_ctest dev all
  suites_fleet_begin
  if ((all)); then
    suites_ctest asan all
    suites_ctest tsan all
  else
    suites_ctest asan core
    suites_ctest tsan threads
  fi
  suites_fuzz_minute
  suites_fleet_end
  note "$PASSED passed, $FAILED failed$( ((SKIPPED)) && echo ", $SKIPPED skipped")"
  ((FAILED == 0))
}

# suites_ctest PRESET all|LABEL: builds and runs; with a label only the tests that bear it.
suites_ctest() {
  local preset=$1 dir=$ROOT/build/$1 select=() target=all start
  if [[ $preset == tsan ]]; then select=(-LE '^no_tsan$'); fi
  if [[ $2 != all ]]; then select=(-L "^$2\$") target=$2_tests; fi
  note "== $preset, $2 tests"
  start=$(now_ds)
  if ! suites_build "$preset" "$target"; then
    note "== $preset: the build FAILED"
    suites_count 0 1 0
    return
  fi
  note "   built in $(seconds_since "$start") s"
  rm -rf "$dir/results" && mkdir -p "$dir/results"
  suites_sanitizer_env "$preset"
  start=$(now_ds)
  GTEST_OUTPUT="xml:$dir/results/" ctest --test-dir "$dir" -j "$JOBS" --output-on-failure --no-tests=error --quiet \
    "${select[@]}" --output-junit results/ctest.junit --output-log "$dir/results/ctest.log" || true
  suites_read_results "$dir/results"
  note "   ran in $(seconds_since "$start") s"
}

suites_sanitizer_env() {
  unset ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS
  case $1 in
    asan)
      export LSAN_OPTIONS="suppressions=$ROOT/cmake/lsan.supp:print_suppressions=0"
      export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
      ;;
    tsan)
      export TSAN_OPTIONS="suppressions=$ROOT/cmake/tsan.supp:ignore_noninstrumented_modules=1:print_suppressions=0"
      ;;
  esac
}

# xml_number FILE ATTRIBUTE: of the first element that has it; 0 when none has.
xml_number() {
  local line
  line=$(grep -m1 -o "[[:space:]]$2=\"[0-9]*\"" "$1" 2>/dev/null | head -n 1) || true
  line=${line#*\"}
  echo "${line%\"}" | grep . || echo 0
}

# suites_read_results DIR: counts what ran. One ctest entry is one binary; where it wrote GoogleTest's report, the
# cases inside are counted. An entry that failed beyond its report (crash, time-out, no report) is one failure more.
suites_read_results() {
  local name status cases bad left passed=0 failed=0 skipped=0
  if [[ ! -s $1/ctest.junit ]]; then
    note "   ctest ran nothing"
    suites_count 0 1 0
    return
  fi
  while read -r name status; do
    read -r cases bad left < <(suites_read_report "$1/$name.xml")
    passed=$((passed + cases - bad)) failed=$((failed + bad)) skipped=$((skipped + left))
    if [[ $status == run && $((cases + left)) == 0 ]]; then passed=$((passed + 1)); fi
    case $status in
      run) ;;
      disabled) skipped=$((skipped + 1)) ;;
      *) note "   FAILED $name"; if ((bad == 0)); then failed=$((failed + 1)); fi ;;
    esac
  done < <(suites_junit_entries "$1/ctest.junit")
  if ((failed)); then tail -n 200 "$1/ctest.log"; fi
  note "   $passed passed, $failed failed, $skipped skipped"
  suites_count "$passed" "$failed" "$skipped"
}

# "NAME STATUS" of each entry of ctest's JUnit report.
suites_junit_entries() {
  sed -n 's/.*<testcase name="\([^"]*\)".* status="\([a-z]*\)".*/\1 \2/p' "$1"
}

# "CASES BAD SKIPPED" of a GoogleTest report: cases run to their end, those of them that failed, and the others.
suites_read_report() {
  local run bad
  [[ -s $1 ]] || { echo "0 0 0"; return; }
  run=$(grep -c '<testcase .*status="run" result="completed"' "$1" || true)
  bad=$(($(xml_number "$1" failures) + $(xml_number "$1" errors)))
  echo "$run $bad $(grep -c '<testcase .*result="\(skipped\|suppressed\)"' "$1" || true)"
}

# The fleet waits more than it computes: it runs beside the sanitizers, which yield to it. Who ends this ends it too.
suites_fleet_begin() {
  mkdir -p "$ROOT/build"
  rm -f "$ROOT"/build/fleet.counts*
  FLEET_COUNTS=$ROOT/build/fleet.counts.$$ "$ROOT/tests/fleet/run.sh" >"$ROOT/build/fleet.log" 2>&1 &
  FLEET=$!
  trap 'kill "$FLEET" 2>/dev/null && wait "$FLEET" || true' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  renice -n 10 $$ >/dev/null 2>&1 || true  # Not lower than it is.
}

# Its runner writes the counts to a file, so that nothing has to be read off its output.
suites_fleet_end() {
  local counts=$ROOT/build/fleet.counts.$$ passed failed skipped
  wait "$FLEET" || true
  trap - EXIT INT TERM
  note "== fleet, beside the sanitizers"
  cat "$ROOT/build/fleet.log"
  if [[ -s $counts ]]; then
    read -r passed failed skipped <"$counts"
    suites_count "$passed" "$failed" "$skipped"
  else
    note "   the fleet tests did not run to their end"
    suites_count 0 1 0
  fi
}

# ---- bench, fmt -----------------------------------------------------------------------------------------

suites_bench() {
  suites_build release reeve-apiserver ctl reeve-bench
  "$ROOT/build/release/bin/reeve-bench" "$@"
}

suites_sim() {
  suites_build dev reeve-sim
  "$ROOT/build/dev/bin/reeve-sim" --seeds "${1:-2000}" --jobs "$JOBS"
}

suites_fmt() {
  (cd "$ROOT" && git ls-files -z -- '*.cc' '*.h' | xargs -0 -r clang-format -i)
}
