# shellcheck shell=bash
# A record of what was started, so that exactly that can be ended.
#
# STATE is a directory; STATE/id is its random id, part of the name and a label of every container and network
# made under it, so two checkouts (or a test and a playground) never touch each other's. STATE/owned has one line
# for each thing, written BEFORE the thing exists (names hold the id; a process writes its own line, then execs),
# so that a crash at any point leaves nothing unrecorded:
#   container NAME | network NAME | pid PID START BOOT NAME
# START is field 22 of /proc/PID/stat and BOOT the kernel's boot id: a recycled pid is never taken for ours.

# state_open DIR
state_open() {
  STATE=$1
  mkdir -p "$STATE/log"
  [[ -s $STATE/id ]] || { od -An -N4 -tx4 /dev/urandom | tr -d ' \n' >"$STATE/id.new" && mv "$STATE/id.new" "$STATE/id"; }
  # shellcheck disable=SC2034
  STATE_ID=$(<"$STATE/id")
  touch "$STATE/owned"
}

state_record() { printf '%s\n' "$*" >>"$STATE/owned"; }

# state_forget WORD...: drops the line that begins with these words.
state_forget() {
  awk -v want="$* " 'index($0 " ", want) != 1' "$STATE/owned" >"$STATE/owned.new"
  mv "$STATE/owned.new" "$STATE/owned"
}

boot_id() { cat /proc/sys/kernel/random/boot_id; }

# pid_start PID: its start time; fails when there is no such process or it is a zombie.
pid_start() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] && echo "${fields[19]}"
}

pid_is() { [[ $(boot_id) == "$3" && $(pid_start "$1") == "$2" ]]; }
pid_is_gone() { ! pid_is "$@"; }

# state_pid NAME: the running process recorded under NAME; fails when there is none.
state_pid() {
  local kind pid start boot name
  while read -r kind pid start boot name; do
    if [[ $kind == pid && $name == "$1" ]] && pid_is "$pid" "$start" "$boot"; then echo "$pid"; return; fi
  done <"$STATE/owned"
  return 1
}

# state_spawn NAME COMMAND...: a daemon, in a session of its own, logging to STATE/log/NAME. It does not inherit the lock
# of the run (7), which it may outlive.
state_spawn() {
  local name=$1
  shift
  # shellcheck disable=SC2016
  setsid bash -c '
    source "$1/scripts/state.sh"; state_open "$2"
    state_record "pid $$ $(pid_start $$) $(boot_id) $3"
    shift 3; exec "$@"' reeve-spawn "$ROOT" "$STATE" "$name" "$@" </dev/null >"$STATE/log/$name" 2>&1 7>&- &
  wait_until 10 "$name to start" grep -qs "^pid $! " "$STATE/owned"
}

# state_end_pid PID START BOOT NAME: asks, waits, insists.
state_end_pid() {
  pid_is "$1" "$2" "$3" || return 0
  as_root kill -TERM "$1" 2>/dev/null || true
  wait_until "${END_SECONDS:-20}" "$4 (pid $1) to end" pid_is_gone "$1" "$2" "$3" && return
  as_root kill -KILL "$1" 2>/dev/null || true
  wait_until 10 "$4 (pid $1) to end after SIGKILL" pid_is_gone "$1" "$2" "$3"
}

# state_end_all: ends all that is recorded, the newest first. What could not be ended stays recorded.
state_end_all() {
  local lines line failed=0
  mapfile -t lines < <(tac "$STATE/owned")
  for line in "${lines[@]}"; do
    # shellcheck disable=SC2086  # the line is words: kind, then what state_end_KIND takes
    if state_end_${line%% *} ${line#* }; then state_forget "$line"; else failed=1; fi
  done
  return "$failed"
}
