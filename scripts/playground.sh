# shellcheck shell=bash
# The playground: a control plane on this machine, two hosts in containers, the sites of manifests/examples.
# ./dev quickstart, up, ctl, down. All state is in .dev/.

PLAYGROUND_HOSTS=(h1 h2)
EXAMPLES=manifests/examples

playground_open() {
  state_open "$ROOT/.dev"
  control_open
}

playground_quickstart() {
  steps_begin 9
  playground_steps
  step "apply $EXAMPLES" playground_examples
  step "fetch each site through each of its hosts" playground_fetch
  playground_next
}

playground_up() {
  steps_begin 7
  playground_steps
  note "up. Look: ./dev ctl get hosts. End it: ./dev down"
}

playground_steps() {
  playground_open
  step "packages" packages_install build
  step "build" control_build
  step "docker engine" fleet_engine_up
  step "host image" playground_image
  step "control plane" control_up
  step "hosts ${PLAYGROUND_HOSTS[*]}" playground_hosts_up
  step "join ${PLAYGROUND_HOSTS[*]}" playground_join
}

playground_image() { fleet_image >/dev/null; }

playground_hosts_up() {
  local host
  for host in "${PLAYGROUND_HOSTS[@]}"; do fleet_host_up "$host"; done
}

playground_join() {
  local host
  for host in "${PLAYGROUND_HOSTS[@]}"; do control_join "$host"; done
}

# Names of the example sites: those with content beside them.
playground_sites() { ls "$ROOT/$EXAMPLES/content"; }

playground_examples() {
  local site
  ctl apply -f "$ROOT/$EXAMPLES"
  for site in $(playground_sites); do ctl deploy "site/$site" "$ROOT/$EXAMPLES/content/$site"; done
  for site in $(playground_sites); do
    ctl wait "site/$site" --for=condition=Ready --timeout=120s
    ctl wait "domain/$site.example.test" --for=condition=Ready --timeout=60s
  done
}

# Column HOST of the site's instances.
playground_hosts_of() { ctl get instances --no-headers | awk -v site="$1" 'index($1, site "-") == 1 {print $2}' | sort -u; }

playground_fetch() {
  local site host hosts
  for site in $(playground_sites); do
    hosts=$(playground_hosts_of "$site")
    [[ -n $hosts ]] || die "site $site has no instance on any host"
    for host in $hosts; do
      note "   http://$site.example.test/ through $host: $(fleet_get "$host" "$site.example.test" / | playground_headline)"
    done
  done
}

# The first words of a page that a person would read.
playground_headline() { sed -n 's/<[^>]*>//g; s/^ *//; /[[:alnum:]]/{p;q}'; }

playground_next() {
  cat <<TEXT

Two hosts serve the sites of $EXAMPLES. What to type next:

  ./dev ctl get sites,instances,domains,ports
  ./dev ctl describe site/clock
  curl --resolve clock.example.test:80:$(fleet_host_ip h1) http://clock.example.test/
  ./dev ctl delete site/clock
  ./dev down
TEXT
}

playground_ctl() {
  playground_open
  [[ -e $CONTROL/admin.conf ]] || die "there is no playground: ./dev quickstart makes one"
  ctl "$@"
}

# Ends what was recorded here and forgets its data, then what a killed run of the fleet tests left, then the engine
# if it was ours. Images and builds stay.
playground_down() {
  local failed=0
  playground_open
  fleet_down || failed=1
  if [[ -d $ROOT/.dev/test ]]; then playground_down_tests || failed=1; fi
  ((failed == 0)) || die "not all could be ended; what is left is in .dev/owned; run ./dev down again"
  rm -rf "$CONTROL"
  note "down: nothing of this checkout is running"
}

playground_down_tests() (
  exec 7>"$ROOT/.dev/test.lock"
  flock -n 7 || { note "fleet tests are running in this checkout: left alone"; exit 0; }
  state_open "$ROOT/.dev/test"
  fleet_down
)
