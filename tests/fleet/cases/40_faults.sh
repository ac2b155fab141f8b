# shellcheck shell=bash
# What goes wrong on real hosts, and what must hold then.

setup_faults() {
  control_build
  control_up
  fleet_host_up t1
  control_join t1
  page "$STATE/tmp/good" good
  program "$STATE/tmp/prog" prog
  { static_site good t1; process_site prog t1; } | ctl apply -f -
  ctl deploy site/good "$STATE/tmp/good"
  ctl deploy site/prog "$STATE/tmp/prog"
  eventually 30 serves t1 good.example.test good
  eventually 30 serves t1 prog.example.test prog
}

unit_of() { fleet_exec t1 systemctl list-units --plain --no-legend "reeve-*$1*.service" | awk '{print $1; exit}'; }
# Of the live generation: a repair makes a new one.
nginx_file_of() { fleet_exec t1 grep -rl "$1.example.test" /etc/nginx/reeve/current/ | head -n 1; }

# nginx dies by SIGKILL: systemd brings it back, and all sites with it.
fleet_test_nginx_killed() {
  # shellcheck disable=SC2016
  fleet_exec t1 sh -c 'kill -9 $(cat /run/nginx.pid)'
  eventually 20 serves t1 good.example.test good
  eventually 20 serves t1 prog.example.test prog
}

# A3.10: what is changed by hand is put back within a sweep.
fleet_test_drift_is_mended() {
  local unit file before
  unit=$(unit_of prog)
  file=$(nginx_file_of good)
  before=$(fleet_exec t1 sha256sum "$file")
  fleet_exec t1 systemctl stop "$unit"
  eventually 20 serves t1 prog.example.test prog
  fleet_exec t1 rm "$file"
  eventually 20 fleet_exec t1 sh -c "[ \"\$(sha256sum $file)\" = '$before' ]"
  fleet_exec t1 sh -c "echo '# by hand' >>$file"
  eventually 20 fleet_exec t1 sh -c "[ \"\$(sha256sum $file)\" = '$before' ]"
  eventually 10 serves t1 good.example.test good
  fleet_exec t1 sh -c 'echo "# by hand" >>/etc/nginx/reeve/current/00-reeve.conf'
  eventually 20 fleet_exec t1 sh -c '! grep -q "by hand" /etc/nginx/reeve/current/00-reeve.conf'
  eventually 10 serves t1 good.example.test good
  eventually 10 events_say 'common file of generation .* was edited'
  expect_contains "$(ctl get events)" Drift "events"
}

# A program that ends at once, again and again: Failed and named after its start period, started again ever more rarely,
# no Event of drift; a later good deploy recovers it.
fleet_test_crash_loop_is_named() {
  local events
  mkdir -p "$STATE/tmp/crash"
  echo 'console.error("Error: no database"); process.exit(7);' >"$STATE/tmp/crash/server.js"
  { process_site crash t1; } | sed 's/^---$/  health: {startPeriod: 5s}\n---/' | ctl apply -f -
  ctl deploy site/crash "$STATE/tmp/crash" --wait=false
  eventually 40 condition_says instance/crash-0 Ready "CrashLoop the program of"
  eventually 30 condition_says instance/crash-0 Ready "exit status 7"  # Seen between two starts, or after the last.
  expect_eq "$(field instance/crash-0 status.phase)" Failed "phase of the instance"
  eventually 10 field_is site/crash status.phase Failed
  expect_contains "$(ctl describe site/crash)" "crash-0: CrashLoop: " "description of the site"
  expect_contains "$(condition "work/$(names works | grep crash-0)" Healthy)" "False CrashLoop" "condition of the Work"
  events=$(ctl get events)
  [[ $(grep crash <<<"$events") != *Drift* ]] || fail "the agent fights systemd: $events"
  expect_contains "$(ctl get events)" CrashLoop "events"
  serves t1 prog.example.test prog || fail "prog is not served"
  program "$STATE/tmp/mended" mended
  ctl deploy site/crash "$STATE/tmp/mended"
  eventually 30 serves t1 crash.example.test mended
  eventually 10 field_is instance/crash-0 status.phase Running
  eventually 10 field_is site/crash status.phase Active
  ctl delete site/crash
}

# A0.2: a foreign process on the requested port is named, and nothing is rendered.
fleet_test_foreign_listener_is_named() {
  fleet_exec t1 systemd-run --quiet --unit foreign.service node -e 'require("net").createServer().listen(20500)'
  eventually 10 listening t1 20500
  process_site claimant t1 20500 | ctl apply -f -
  ctl deploy site/claimant "$STATE/tmp/prog" --wait=false
  eventually 30 site_says claimant 'held by.*node'
  expect_empty "$(fleet_exec t1 ls /etc/systemd/system | grep claimant || true)" "units of the refused site"
  fleet_exec t1 systemctl is-active foreign.service
  fleet_exec t1 systemctl stop foreign.service
  ctl delete site/claimant
}
events_say() { ctl get events -A | grep -q "$1"; }
listening() { fleet_exec "$1" sh -c "ss -Hltn 'sport = :$2' | grep -q ."; }
site_says() { ctl describe "site/$1" | grep -q "$2"; }

# A0.4: nginx refuses the tree because of a foreign file: nothing of ours changes, everything serves.
fleet_test_foreign_nginx_file() {
  local before
  before=$(nginx_tree t1)
  fleet_exec t1 sh -c 'echo "bogus on;" >/etc/nginx/conf.d/foreign.conf'
  static_site late t1 | ctl apply -f -
  page "$STATE/tmp/late" late
  ctl deploy site/late "$STATE/tmp/late" --wait=false
  eventually 30 site_says late bogus
  eventually 10 condition_says instance/late-0 Routed 'late.example.test: '
  expect_contains "$(condition instance/late-0 Routed)" 'unknown directive "bogus" in /etc/nginx/conf.d/foreign.conf:1' \
    "what the instance says of its route"
  serves t1 good.example.test good || fail "good is not served"
  expect_eq "$(nginx_tree t1)" "$before" "what nginx has of ours"
  fleet_exec t1 rm /etc/nginx/conf.d/foreign.conf
  eventually 60 serves t1 late.example.test late
  eventually 10 condition_says instance/late-0 Routed "True Routed"
  ctl delete site/late
  eventually 30 serves_not t1 late.example.test late
}
nginx_tree() { fleet_exec "$1" sh -c 'readlink /etc/nginx/reeve/current; find /etc/nginx/reeve -name '*.new' -prune -o -type f -exec sha256sum {} + | sort'; }

# The control plane is gone: sites serve, agents restart, a host reboots and serves.
fleet_test_control_plane_down() {
  control_stop
  fleet_exec t1 systemctl restart reeve-agent.service
  serves t1 good.example.test good || fail "good is not served without a control plane"
  docker kill "$(fleet_name t1)" >/dev/null
  fleet_host_up t1
  eventually 30 serves t1 good.example.test good
  eventually 30 serves t1 prog.example.test prog
  control_start
  ctl wait host/t1 --for=condition=Ready --timeout=60s
}
