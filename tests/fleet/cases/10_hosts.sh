# shellcheck shell=bash
# The hosts themselves: what the agent stands on.

setup_hosts() {
  fleet_host_up t1
  fleet_host_up t2
}

fleet_test_host_is_plain_debian() {
  expect_eq "$(fleet_exec t1 systemctl is-active nginx dbus systemd-journald | sort -u)" active "state of nginx, D-Bus, journal"
  expect_empty "$(fleet_exec t1 ls /etc/nginx/sites-enabled)" "sites-enabled"
  expect_ne "$(fleet_exec t1 cat /etc/machine-id)" "$(fleet_exec t2 cat /etc/machine-id)" "machine id of t1 and t2"
}

fleet_test_hosts_reach_each_other() {
  fleet_exec t2 sh -c 'echo "server { listen 80 default_server; return 200 t2; }" >/etc/nginx/conf.d/hello.conf; systemctl reload nginx'
  eventually 10 fleet_exec t1 curl -fsS --max-time 2 "http://$(fleet_host_ip t2)/"
  expect_eq "$(fleet_get t2 any.example /)" t2 "page"
  fleet_exec t2 sh -c 'rm /etc/nginx/conf.d/hello.conf; systemctl reload nginx'
}

# What the agent's candidate test relies on: a unit with its own mounts sees the staged tree in place.
fleet_test_private_mounts() {
  local unit=(systemd-run --quiet --wait --pipe --collect -p 'TemporaryFileSystem=/var/log/nginx /var/lib/nginx /run'
    -p ProtectSystem=strict -p BindReadOnlyPaths=/root/staged:/etc/nginx/conf.d nginx -t -q)
  fleet_exec t1 sh -c 'mkdir -p /root/staged; echo "bogus on;" >/root/staged/a.conf'
  expect_contains "$(refused fleet_exec t1 "${unit[@]}")" 'unknown directive "bogus" in /etc/nginx/conf.d/a.conf:1'
  fleet_exec t1 sh -c 'echo "server { listen 80; server_name a.example; }" >/root/staged/a.conf'
  fleet_exec t1 "${unit[@]}"
  expect_empty "$(fleet_exec t1 ls /etc/nginx/conf.d)" "the live directory"
}

fleet_test_power_cut() {
  docker kill "$(fleet_name t2)" >/dev/null
  fleet_host_up t2
  expect_eq "$(fleet_exec t2 systemctl is-active nginx)" active "nginx after a power cut"
}

# Nothing is ended that is not ours: a record of a pid that now belongs to another process is only dropped.
fleet_test_recycled_pid_is_spared() (
  state_open "$STATE/spare"
  state_spawn sleeper tail -f /dev/null
  local pid
  pid=$(state_pid sleeper)
  sed -i "s/^pid $pid [0-9]*/pid $pid 1/" "$STATE/owned"
  state_end_all
  kill -0 "$pid" || fail "a process with another start time was ended"
  state_record "pid $pid $(pid_start "$pid") $(boot_id) sleeper"
  state_end_all
  if kill -0 "$pid" 2>/dev/null && pid_start "$pid"; then fail "the recorded process still runs"; fi
  expect_empty "$(cat "$STATE/owned")" "the record"
)
