# shellcheck shell=bash
# A0.1: three copies of a real application on one host, and the port that a deleted one leaves.

setup_real_application() {
  control_build
  control_up
  fleet_host_up t3
  control_join t3
  actual_app >/dev/null
}

# actual_site NAME
actual_site() {
  cat <<YAML
apiVersion: reeve/v1
kind: Site
metadata: {name: $1}
spec:
  type: Process
  domains: [$1.example.test]
  placement: {hosts: [t3]}
  process:
    command: [node, node_modules/@actual-app/sync-server/build/app.js]
    env:
      - {name: ACTUAL_HOSTNAME, value: 127.0.0.1}
      - {name: ACTUAL_DATA_DIR, value: \$(STATE_DIR)}
  health: {httpPath: /health, startPeriod: 60s}
---
YAML
}

port_of() { ctl get instances --no-headers | awk -v site="$1-" 'index($1, site) == 1 {print $3}'; }

fleet_test_three_copies_of_a_real_application() {
  local app name
  app=$(actual_app)
  for name in actual-a actual-b actual-c; do
    actual_site "$name" | ctl apply -f -
    ctl deploy "site/$name" "$app"
    eventually 60 serves t3 "$name.example.test" "<title>Actual</title>"
    expect_eq "$(http_code t3 "$name.example.test")" 200 "answer of $name"
  done
  expect_eq "$(port_of actual-a) $(port_of actual-b) $(port_of actual-c)" "20000 20001 20002" "ports"
}

fleet_test_freed_port_is_taken_again() {
  local port
  ctl delete site/actual-b
  actual_site actual-d | ctl apply -f -
  ctl deploy site/actual-d "$(actual_app)"
  eventually 60 serves t3 actual-d.example.test "<title>Actual</title>"
  expect_eq "$(port_of actual-d)" 20001 "port of the new site"
  port=$(ctl get ports --no-headers | awk '$2 == "t3" && $3 == 20001 {print $1}')
  expect_contains "$(field "port/$port" spec.holder.name)" actual-d "holder"
  expect_contains "$(field "port/$port" status.history)" actual-b "history"
  expect_eq "$(http_code t3 actual-a.example.test) $(http_code t3 actual-c.example.test)" "200 200" "the other sites"
}
