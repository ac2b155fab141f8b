# shellcheck shell=bash
# What a fleet test may say. Each fails the test with what was expected and what was there.

fail() { printf 'expectation failed: %s\n' "$*" >&2; exit 1; }
expect_eq() { [[ $1 == "$2" ]] || fail "${3:-value} is '$1', expected '$2'"; }
expect_ne() { [[ $1 != "$2" ]] || fail "${3:-value} is '$1', expected another"; }
expect_contains() { [[ $1 == *"$2"* ]] || fail "${3:-text} does not contain '$2': $1"; }
expect_empty() { [[ -z $1 ]] || fail "${2:-text} is not empty: $1"; }

# eventually SECONDS COMMAND...: COMMAND succeeds before the deadline.
eventually() {
  local seconds=$1
  shift
  wait_until "$seconds" "$*" "$@" || fail "not within $seconds s: $*"
}

# refused COMMAND...: it must fail; prints what it said.
refused() {
  local out
  if out=$("$@" 2>&1); then fail "was not refused: $*: $out"; fi
  printf '%s\n' "$out"
}
