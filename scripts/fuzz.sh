# shellcheck shell=bash
# ./dev fuzz, and the fuzzers' minute in ./dev test. tests/fuzz/README.md says what each target checks.

# NAME BYTES-AT-MOST: long enough for what its grammar nests, short enough for ten thousand executions a second.
FUZZ_TARGETS=(
  'yaml 1024'
  'json 1024'
  'json_patch 1024'
  'protobuf 1024'
  'field_path 256'
)
FUZZ_RUNS=10000000
FUZZ_SECONDS_IN_TEST=60

fuzz_names() {
  local target
  for target in "${FUZZ_TARGETS[@]}"; do echo "${target%% *}"; done
}

# fuzz_run NAME BYTES LIMIT: one target until LIMIT (-runs=N or -max_total_time=S). What it learns stays in build/fuzz.
fuzz_run() (
  local dir=$ROOT/build/fuzz
  cd "$ROOT" || exit
  mkdir -p "$dir/learnt/$1" "$dir/found" "$dir/logs"
  # Without the stacks of allocations, which take half of the time: repeat what was found without these options.
  export ASAN_OPTIONS=malloc_context_size=0:quarantine_size_mb=4:detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
  "$dir/bin/$1_fuzz" "$3" -max_len="$2" -timeout=10 -rss_limit_mb=512 -entropic=0 -dict="tests/fuzz/$1.dict" \
    -print_final_stats=1 -artifact_prefix="$dir/found/$1-" "$dir/learnt/$1" "tests/fuzz/corpus/$1" >"$dir/logs/$1.log" 2>&1
  echo $? >"$dir/logs/$1.code"
)

# fuzz_run_all LIMIT NAME...: as many at a time as there are processors. A shell of its own, with no other jobs.
fuzz_run_all() (
  local limit=$1 name bytes target
  shift
  rm -rf "$ROOT/build/fuzz/logs"
  for target in "${FUZZ_TARGETS[@]}"; do
    read -r name bytes <<<"$target"
    [[ " $* " == *" $name "* ]] || continue
    while (($(jobs -rp | wc -l) >= JOBS)); do wait -n || true; done
    fuzz_run "$name" "$bytes" "$limit" &
  done
  wait
)

# What a target's log says: the executions it reached, or what it found and how to see it again.
fuzz_report() {
  local log=$ROOT/build/fuzz/logs/$1.log count input
  count=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
  if [[ $(cat "$ROOT/build/fuzz/logs/$1.code" 2>/dev/null) == 0 ]]; then
    note "   reached: $1 $(sed -E ':a; s/([0-9])([0-9]{3})(,|$)/\1,\2\3/; ta' <<<"${count:-0}") executions, 0 crashes"
    return
  fi
  input=$(sed -n 's/.*Test unit written to //p' "$log" | head -n 1)
  grep -a -E 'CHECK|ERROR|SUMMARY|runtime error|ALARM' "$log" | head -n 10
  note "   FAILED $1 after ${count:-0} executions; all of it is in $log"
  [[ -z $input ]] || note "   again: build/fuzz/bin/$1_fuzz ${input#"$ROOT/"}"
  return 1
}

# suites_fuzz [NAME...] [--runs N]
suites_fuzz() {
  local names=() runs=$FUZZ_RUNS name failed=0
  while (($#)); do
    case $1 in
      --runs) runs=${2:?fuzz: --runs takes a number}; shift ;;
      *) fuzz_names | grep -qx "$1" || die "fuzz: unknown target $1 (there are: $(fuzz_names | paste -sd ' '))"
         names+=("$1") ;;
    esac
    shift
  done
  ((${#names[@]})) || mapfile -t names < <(fuzz_names)
  suites_build fuzz fuzzers
  fuzz_run_all "-runs=$runs" "${names[@]}"
  for name in "${names[@]}"; do fuzz_report "$name" || failed=1; done
  return "$failed"
}

# A minute of each target; each is one test.
suites_fuzz_minute() {
  local names name start
  mapfile -t names < <(fuzz_names)
  note "== fuzz, $FUZZ_SECONDS_IN_TEST s each"
  start=$(now_ds)
  if ! suites_build fuzz fuzzers; then
    note "== fuzz: the build FAILED"
    suites_count 0 1 0
    return
  fi
  note "   built in $(seconds_since "$start") s"
  start=$(now_ds)
  fuzz_run_all "-max_total_time=$FUZZ_SECONDS_IN_TEST" "${names[@]}"
  for name in "${names[@]}"; do
    if fuzz_report "$name"; then suites_count 1 0 0; else suites_count 0 1 0; fi
  done
  note "   ran in $(seconds_since "$start") s"
}
