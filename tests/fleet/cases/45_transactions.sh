# shellcheck shell=bash
# A change of a host is done as a whole or not at all, and many changes are one batch.
#
# Faults are put where an administrator or an accident could: a file system that is read-only, drop-ins of systemd.

setup_transactions() {
  control_build
  control_up
  fleet_host_up tx
  control_join tx
  page "$STATE/tmp/files" files
  program "$STATE/tmp/serve" serve
  { static_site steady tx; process_site running tx; } | ctl apply -f -
  ctl deploy site/steady "$STATE/tmp/files"
  ctl deploy site/running "$STATE/tmp/serve"
  eventually 30 others_serve
}

others_serve() { serves tx steady.example.test files && serves tx running.example.test serve; }

# footprint HOST: what Reeve has made on it, by content: units and their links, contents, what nginx reads (its common
# file carries the number of the generation), users, listeners, processes.
footprint() {
  # shellcheck disable=SC2016
  fleet_exec "$1" sh -c '
    find /etc/systemd/system /srv/reeve -printf "%p %y %m %u %l\n" | sort
    find /etc/systemd/system /srv/reeve -type f -exec sha256sum {} + | sort
    ls /etc/nginx/reeve | grep -vE "^gen-[0-9]+$"
    cd /etc/nginx/reeve/current/ && find . -type f ! -name 00-reeve.conf -exec sha256sum {} + | sort
    grep "^reeve" /etc/passwd /etc/group
    systemctl list-units --all --plain --no-legend "reeve-*.service" | tr -s " " | cut -d" " -f1,3,4
    ss -Hltn | tr -s " " | cut -d" " -f4 | sort
    ps -eo user:32,args --no-headers | grep "^reeve-" | sort'
}
is_as_before() { [[ $(footprint tx) == "$(cat "$STATE/tmp/before")" ]]; }

# Looks at the other sites until the file `enough` is there; whatever they did not serve is in `missed`.
watch_others() {
  until [[ -e $STATE/tmp/enough ]]; do
    others_serve || date >>"$STATE/tmp/missed"
    pause
  done
}

# with_fault LIFT COMMAND...: a site that cannot be made because of a fault; COMMAND looks at what there is then. The
# fault is lifted by LIFT: the site comes by itself, and once it is deleted the host is as before.
with_fault() {
  local lift=$1 watcher
  shift
  rm -f "$STATE/tmp/enough" "$STATE/tmp/missed"
  watch_others &
  watcher=$!
  # shellcheck disable=SC2064
  trap "touch '$STATE/tmp/enough'; $lift 2>/dev/null" EXIT  # Also when it fails.
  process_site victim tx | ctl apply -f -
  ctl deploy site/victim "$STATE/tmp/serve" --wait=false
  "$@"
  "$lift"
  eventually 100 serves tx victim.example.test serve
  ctl delete site/victim
  eventually 30 is_as_before
  touch "$STATE/tmp/enough"
  wait "$watcher"
  trap - EXIT
  [[ ! -e $STATE/tmp/missed ]] || fail "other sites were not served: $(cat "$STATE/tmp/missed")"
}

# The write of the unit file fails, after the user was made and the content was unpacked.
fleet_test_fault_at_write() {
  footprint tx >"$STATE/tmp/before"
  fleet_exec tx sh -c 'mount --bind /etc/systemd/system /etc/systemd/system &&
    mount -o remount,bind,ro /etc/systemd/system'
  with_fault writable nothing_is_left 'Read-only file system'
}
writable() { fleet_exec tx umount /etc/systemd/system; }
nothing_is_left() {
  eventually 30 condition_says instance/victim-0 Ready "$1"
  expect_eq "$(field instance/victim-0 status.phase)" Failed "phase"
  eventually 20 is_as_before
}

# The unit is written, and cannot be started.
fleet_test_fault_at_start() {
  footprint tx >"$STATE/tmp/before"
  drop_in reeve-instance-victim-.service '[Service]\nExecStartPre=/bin/false\n'
  with_fault no_drop_ins nothing_is_left 'result exit-code'
}

# The unit runs, and nginx cannot be reloaded: its files are as before, the instance says why, and waits for its route.
fleet_test_fault_at_reload() {
  footprint tx >"$STATE/tmp/before"
  nginx_files tx >"$STATE/tmp/nginx"
  drop_in nginx.service '[Service]\nExecReload=\nExecReload=/bin/false\n'
  with_fault no_drop_ins routes_are_as_before
}
routes_are_as_before() {
  eventually 30 condition_says instance/victim-0 Routed 'False NginxFailed victim.example.test: '
  eventually 20 nginx_files_are_as_before
  fleet_exec tx nginx -t -q || fail "nginx could not be started again"
}
nginx_files() { footprint "$1" | grep -E ' \./|^current|\.new'; }
nginx_files_are_as_before() { [[ $(nginx_files tx) == "$(cat "$STATE/tmp/nginx")" ]]; }

# drop_in UNIT TEXT: of somebody else, until no_drop_ins. In /run: not among the files that are compared.
drop_in() {
  fleet_exec tx sh -c "mkdir -p /run/systemd/system/$1.d && printf '$2' >/run/systemd/system/$1.d/fault.conf"
  fleet_exec tx systemctl daemon-reload
}
no_drop_ins() { fleet_exec tx sh -c 'rm -r /run/systemd/system/*.d/fault.conf; systemctl daemon-reload'; }

# A0.7: ten sites changed at once are one daemon-reload and one reload of nginx, if any.
fleet_test_ten_changes_are_one_batch() {
  local blob
  blob=$(ctl push "$STATE/tmp/files" | grep -o 'sha256-[0-9a-f]*' | tail -n 1)
  batch_of 0 1 ten static_site "$blob"
  blob=$(ctl push "$STATE/tmp/serve" | grep -o 'sha256-[0-9a-f]*' | tail -n 1)
  batch_of 1 10 pro process_site "$blob"  # Routed as they become healthy.
  batch_of 1 0 pro process_site "$blob" CHANGED
  (($(daemon_reloads tx) > 0 && $(reloads tx) > 0)) || fail "reloads are not counted"
  for_ten ten ctl delete --wait=false
  for_ten pro ctl delete --wait=false
  eventually 60 none_of_ten_left
}
none_of_ten_left() {
  local sites
  sites=$(ctl get sites -o name) || return 1
  [[ ! $sites =~ /(ten|pro)[0-9] ]]
}

for_ten() {
  local prefix=$1 i
  shift
  for i in {0..9}; do "$@" "site/$prefix$i" >/dev/null; done
}

# batch_of DAEMON_RELOADS NGINX_RELOADS PREFIX MANIFEST BLOB [ENV]: ten sites in one apply; at most so many reloads.
batch_of() {
  local before_daemon before_nginx i env=${6:-FIRST}
  settled_soon
  before_daemon=$(daemon_reloads tx)
  before_nginx=$(reloads tx)
  for i in {0..9}; do
    "$4" "$3$i" tx | sed "s/^  type: .*/&\n  blob: $5/; s/^  process:/&\n    env: [{name: $env, value: set}]/"
  done | ctl apply -f - >/dev/null
  for i in {0..9}; do ctl wait "site/$3$i" --for=condition=Ready --timeout=90s >/dev/null; done
  settled_soon
  at_most "$1" $(($(daemon_reloads tx) - before_daemon)) "daemon-reloads of ten $3 ${6:-}"
  at_most "$2" $(($(reloads tx) - before_nginx)) "reloads of nginx of ten $3 ${6:-}"
}
settled_soon() { eventually 30 settled tx; }
at_most() {
  echo "$3: $2"
  (($2 <= $1)) || fail "$3: $2, expected at most $1"
}
