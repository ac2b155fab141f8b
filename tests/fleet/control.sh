# shellcheck shell=bash
# A control plane as plain processes on this machine, and agents in the hosts. It listens on the machine's own
# address on the hosts' network, so every STATE has its own and ports never clash.
#
# BIN holds the programs, without debug sections. CONTROL is the data directory.

CONTROL_PROGRAMS=(reeve-apiserver reeve-standalone reeve-agent ctl)

control_open() {
  BIN=$STATE/bin
  CONTROL=$STATE/control
}

# The programs of the dev preset, which the tests use too.
control_build() {
  local name
  suites_build dev "${CONTROL_PROGRAMS[@]}"
  mkdir -p "$BIN"
  for name in "${CONTROL_PROGRAMS[@]}"; do
    [[ $BIN/$name -nt $ROOT/build/dev/bin/$name ]] || control_strip "$ROOT/build/dev/bin/$name" "$BIN/$name"
  done
}

control_strip() { strip --strip-debug -o "$2.new" "$1" && mv "$2.new" "$2"; }

control_up() {
  fleet_network_up
  [[ -e $CONTROL/estate ]] || "$BIN/reeve-apiserver" init --data-dir "$CONTROL" --estate playground --san "$(fleet_gateway)"
  control_start
}

control_start() {
  state_pid reeve-standalone >/dev/null || state_spawn reeve-standalone "$BIN/reeve-standalone" serve --data-dir "$CONTROL" \
    --listen "$(fleet_gateway):7443" --join-listen "$(fleet_gateway):7444" --http-listen "$(fleet_gateway):7480" \
    --kube-listen "$(fleet_gateway):7446"
  wait_until 30 "the control plane" control_answers && return
  tail -n 20 "$STATE/log/reeve-standalone" >&2
  return 1
}

control_answers() { curl -fsS --max-time 2 --noproxy '*' "http://$(fleet_gateway):7480/readyz"; }

ctl() { CTL_CONFIG=$CONTROL/admin.conf "$BIN/ctl" "$@"; }

# control_join HOST: the agent in the host, joined by the command that `ctl host token` prints, as a person does it.
# It looks at the whole host every 5 s, where a minute is the default.
control_join() {
  local command
  fleet_copy "$1" /usr/local/bin "$BIN/reeve-agent"
  fleet_copy "$1" /etc/systemd/system "$ROOT/manifests/deploy/reeve-agent.service"
  if ! fleet_exec "$1" test -e /var/lib/reeve-agent/identity.pem; then
    command=$(ctl host token "$1" | grep '^reeve-agent join ') ||
      die "host $1 cannot join; if its container is lost: ./dev down, then ./dev quickstart"
    fleet_exec "$1" sh -euc "$command"
  fi
  fleet_exec "$1" sh -euc 'mkdir -p /etc/systemd/system/reeve-agent.service.d
    printf "[Service]\nEnvironment=REEVE_AGENT_SWEEP=5\n" >/etc/systemd/system/reeve-agent.service.d/fleet.conf
    systemctl daemon-reload
    systemctl enable --quiet --now reeve-agent.service'
  ctl wait "host/$1" --for=condition=Ready --timeout=60s
}

# Ends the control plane only; its data stay.
control_stop() {
  local line
  line=$(grep ' reeve-standalone$' "$STATE/owned")
  # shellcheck disable=SC2086  # the line is words
  state_end_${line%% *} ${line#* }
  state_forget "$line"
}

# metric NAME: its value without labels.
metric() { curl -fsS --max-time 2 --noproxy '*' "http://$(fleet_gateway):7480/metrics" | awk -v name="$1" '$1 == name {print $2}'; }
