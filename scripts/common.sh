# shellcheck shell=bash
# What every part of ./dev shares: messages, time, waiting, root.

die() { printf 'error: %s\n' "$*" >&2; exit 1; }
note() { printf '%s\n' "$*"; }

# Tenths of a second since the epoch.
now_ds() { local t=${EPOCHREALTIME/[.,]/}; echo "${t%?????}"; }

# seconds_since START: "12.3", START from now_ds.
seconds_since() { local d=$(($(now_ds) - $1)); echo "$((d / 10)).$((d % 10))"; }

# as_root COMMAND...: as it is when root, by sudo otherwise. ROOT_ARGV is what to put before an argv for that.
ROOT_ARGV=()
[[ $EUID -eq 0 ]] || ROOT_ARGV=(sudo --)
as_root() {
  [[ $EUID -eq 0 ]] || command -v sudo >/dev/null || die "not root, and there is no sudo: run this as root"
  ${ROOT_ARGV[@]+"${ROOT_ARGV[@]}"} "$@"
}

# wait_until SECONDS WHAT COMMAND...: looks every 0.1 s until COMMAND succeeds; fails with WHAT at the deadline.
wait_until() {
  local deadline=$(($(now_ds) + $1 * 10)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if (($(now_ds) >= deadline)); then note "gave up waiting for $what" >&2; return 1; fi
    pause
  done
}

# The one place that lets time pass: between two looks at a predicate that has a deadline.
pause() { sleep "${PAUSE_SECONDS:-0.1}"; }

# What the machine mounts, one mount point a line, sorted: to prove that nothing was left behind.
mounts() { cut -d' ' -f2 /proc/self/mounts | sort; }

# steps_begin COUNT, then step_begin NAME / step_end: "[ 3/9] build ... 241.0 s".
steps_begin() { STEP=0 STEPS=$1; }
step_begin() {
  STEP=$((STEP + 1))
  STEP_START=$(now_ds)
  STEP_NAME=$1
  printf '[%2d/%d] %s ...\n' "$STEP" "$STEPS" "$1"
}
step_end() { printf '[%2d/%d] %s ... %s s\n' "$STEP" "$STEPS" "$STEP_NAME" "$(seconds_since "$STEP_START")"; }

# step NAME COMMAND...: runs it as one step; what it prints stands between the two lines.
step() { step_begin "$1"; shift; "$@"; step_end; }
