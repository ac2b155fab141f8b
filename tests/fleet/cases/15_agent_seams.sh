# shellcheck shell=bash
# The agent's seams and providers against a real systemd, D-Bus and nginx.

setup_agent_seams() {
  suites_build dev agents_fleet_test
  fleet_host_up t4
  fleet_exec t4 touch /run/reeve-fleet-host
}

fleet_test_agent_seams_on_a_real_host() {
  fleet_copy t4 /root "$ROOT/build/dev/bin/agents_fleet_test"
  fleet_exec t4 /root/agents_fleet_test
}
