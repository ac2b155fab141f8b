# shellcheck shell=bash
# The whole path: manifests in, pages out.

setup_sites() {
  control_build
  control_up
  for host in t1 t2; do
    fleet_host_up "$host"
    control_join "$host"
  done
}

fleet_test_examples_are_served() {
  local site host
  ctl apply -f "$ROOT/manifests/examples"
  for site in hello clock; do ctl deploy "site/$site" "$ROOT/manifests/examples/content/$site"; done
  for site in hello clock; do site_is_live "$site"; done
  eventually 30 serves t1 clock.example.test "on t1"
  eventually 30 serves t2 clock.example.test "on t2"
  host=$(ctl get instances --no-headers | awk '/^hello-/ {print $2; exit}')
  eventually 30 serves "$host" hello.example.test "Hello from a static site"
}

fleet_test_unknown_names_get_no_tenant() {
  local code
  code=$(http_code t1 nobody.example.test)
  [[ $code == 421 || $code == 000 ]] || fail "an unknown name is answered $code"
}

# A0.6: nothing changed means nothing written, on the server and on the hosts.
fleet_test_apply_unchanged_is_nothing() {
  local before after
  eventually 60 settled t1
  before="$(durable_writes) $(managed t1) $(reloads t1) $(daemon_reloads t1)"
  expect_contains "$(ctl apply -f "$ROOT/manifests/examples/hello.yaml")" unchanged
  ctl apply -f "$ROOT/manifests/examples"
  after="$(durable_writes) $(managed t1) $(reloads t1) $(daemon_reloads t1)"
  expect_eq "$after" "$before" "the store's revision and the host"
}

fleet_test_new_content_replaces_old() {
  page "$STATE/tmp/hello2" "second edition"
  ctl deploy site/hello "$STATE/tmp/hello2"
  local host
  host=$(ctl get instances --no-headers | awk '/^hello-/ {print $2; exit}')
  eventually 30 serves "$host" hello.example.test "second edition"
}

fleet_test_deleted_site_leaves_nothing() {
  local objects
  static_site gone t1 | ctl apply -f -
  page "$STATE/tmp/gone" "soon gone"
  ctl deploy site/gone "$STATE/tmp/gone"
  eventually 30 serves t1 gone.example.test "soon gone"
  ctl delete site/gone
  eventually 30 serves_not t1 gone.example.test "soon gone"
  eventually 30 gone_from_host t1 gone
  objects=$(ctl get instances,domains -o name)
  expect_empty "$(grep gone <<<"$objects" || true)" "objects of the site"
}
gone_from_host() {
  local there
  there=$(fleet_exec "$1" sh -ec "ls /srv/reeve; systemctl list-units --all --plain 'reeve-*'; nginx -T 2>/dev/null") || return 1
  [[ $there != *"$2"* ]]
}

# A hostname belongs to one site; the refusal names the holder.
fleet_test_second_claim_names_the_holder() {
  local before
  eventually 30 settled t1
  before=$(durable_writes)
  expect_contains "$(static_site rival t1 | sed 's/rival.example/hello.example/' | refused ctl apply -f -)" "is held by Site default/hello"
  expect_eq "$(durable_writes)" "$before" "the store's revision after a refusal"
}
