# shellcheck shell=bash
# What somebody who wished us ill has found on real hosts, and must not find again.

setup_findings() {
  control_build
  control_up
  fleet_host_up t1
  control_join t1
}

# Writes into its state directory, reads what it can reach of the others', and tells.
snoop() {
  mkdir -p "$1"
  cat >"$1/server.js" <<JS
const fs = require('fs'), base = '/var/lib/reeve-sites', own = process.env.STATE_DIR;
fs.writeFileSync(own + '/secret', '$2-data');
const names = fs.existsSync(base) ? fs.readdirSync(base) : [];
const read = (f) => { try { return fs.readFileSync(f, 'utf8'); } catch (e) { return e.code; } };
const seen = names.map((n) => read(base + '/' + n + '/secret')).join(' ');
const unit = (f) => /Environment/.test(read('/etc/systemd/system/' + f));
const units = fs.readdirSync('/etc/systemd/system').filter((f) => f.startsWith('reeve-instance') && unit(f)).length;
const other = (p) => /^[0-9]+\$/.test(p) && fs.statSync('/proc/' + p).uid !== process.getuid();
const text = '$2 sees: ' + seen + ' tenants: ' + (fs.existsSync('/etc/nginx/reeve/current') ? 'listed' : 'hidden') +
  ' units: ' + units + ' processes: ' + fs.readdirSync('/proc').filter(other).length +
  ' bus: ' + fs.existsSync('/run/dbus/system_bus_socket') + '\n';
require('http').createServer((q, r) => r.end(text)).listen(process.env.PORT, '127.0.0.1');
JS
}

# Neither mode, nor group number, nor name leads from one site to the state of another, living or deleted.
fleet_test_state_is_private() {
  local dir
  snoop "$STATE/tmp/victim" victim
  snoop "$STATE/tmp/thief" thief
  process_site victim t1 | ctl apply -f -
  ctl deploy site/victim "$STATE/tmp/victim"
  eventually 30 serves t1 victim.example.test "victim sees: victim-data tenants: "
  ctl delete site/victim
  eventually 30 gone_from_units t1 victim
  process_site thief t1 | ctl apply -f -
  ctl deploy site/thief "$STATE/tmp/thief"
  eventually 30 serves t1 thief.example.test "thief sees: thief-data tenants: hidden units: 0 processes: 0 bus: false"
  dir=$(fleet_exec t1 sh -c 'grep -l victim-data /var/lib/reeve-sites/*/secret')
  expect_eq "$(fleet_exec t1 stat -c '%a %A' "${dir%/secret}" "$dir")" "700 drwx------"$'\n'"600 -rw-------" "modes of state"
  # shellcheck disable=SC2016
  expect_ne "$(fleet_exec t1 awk -F: '/^reeve-/ && $3 == $4' /etc/passwd)" "" "users whose group has their number"
  # shellcheck disable=SC2016
  expect_empty "$(fleet_exec t1 awk -F: '/^reeve-/ && $3 != $4' /etc/passwd)" "users whose group has another number"
  ctl delete site/thief
}
# A site listens on every port it can get, and takes another's in the moment it is free: nobody is sent there, and who
# lost the port gets another one.
fleet_test_ports_cannot_be_stolen() {
  local port
  mkdir -p "$STATE/tmp/greedy"
  cat >"$STATE/tmp/greedy/server.js" <<'JS'
const http = require('http'), own = Number(process.env.PORT);
const serve = (port, text) => {
  const server = http.createServer((q, r) => r.end(text));
  server.on('error', () => setTimeout(() => server.listen(port, '127.0.0.1'), 2));
  server.listen(port, '127.0.0.1');
};
serve(own, 'greedy\n');
for (let port = 20000; port < 20010; ++port) if (port !== own) serve(port, 'STOLEN\n');
for (const port of [80, 299, 7481]) serve(port, 'STOLEN\n');
JS
  program "$STATE/tmp/prey" prey
  process_site prey t1 | ctl apply -f -
  ctl deploy site/prey "$STATE/tmp/prey"
  eventually 30 serves t1 prey.example.test prey
  port=$(fleet_get t1 prey.example.test /)
  process_site greedy t1 | ctl apply -f -
  ctl deploy site/greedy "$STATE/tmp/greedy"
  eventually 30 serves t1 greedy.example.test greedy
  fleet_exec t1 systemctl kill -s KILL "$(unit_on t1 prey)"
  eventually 20 events_tell 'is held by node'
  eventually 10 serves_not t1 prey.example.test STOLEN
  eventually 60 serves t1 prey.example.test prey
  [[ $(fleet_get t1 prey.example.test /) != "$port" ]] || fail "prey has its old port: it was not taken"
  fleet_exec t1 systemctl restart nginx.service reeve-agent.service
  eventually 20 serves t1 prey.example.test prey
  process_site late t1 | ctl apply -f -
  ctl deploy site/late "$STATE/tmp/prey"
  eventually 60 serves t1 late.example.test prey
  ctl delete site/greedy site/prey site/late
}
unit_on() { fleet_exec "$1" systemctl list-units --plain --no-legend "reeve-*$2*.service" | awk '{print $1; exit}'; }

gone_from_units() {
  local there
  there=$(fleet_exec "$1" ls /etc/systemd/system) || return 1
  [[ $there != *"$2"* ]]
}

# `systemctl disable`, and the link of a boot removed by hand: mended once, told once, and then there is peace.
fleet_test_disabled_unit_is_enabled_once() {
  local unit
  program "$STATE/tmp/steady" steady
  process_site steady t1 | ctl apply -f -
  ctl deploy site/steady "$STATE/tmp/steady"
  eventually 30 serves t1 steady.example.test steady
  unit=$(fleet_exec t1 sh -c 'cd /etc/systemd/system && ls | grep steady')
  fleet_exec t1 systemctl disable "$unit"
  eventually 20 unit_file_state_is t1 "$unit" enabled
  eventually 20 events_tell 'was disabled'
  eventually 30 settled t1
  fleet_exec t1 rm "/etc/systemd/system/multi-user.target.wants/$unit"
  eventually 20 fleet_exec t1 test -e "/etc/systemd/system/multi-user.target.wants/$unit"
  fleet_exec t1 systemctl restart reeve-agent.service
  eventually 30 settled t1
  site_is_live steady 30
  ctl delete site/steady
}
unit_file_state_is() { [[ $(fleet_exec "$1" systemctl show -P UnitFileState "$2") == "$3" ]]; }
events_tell() { ctl get events -A | grep "$1" >/dev/null; }

# All that `join` made for nginx is lost: made again without a token, with all routes, and told.
fleet_test_lost_nginx_tree_is_remade() {
  static_site firm t1 | ctl apply -f -
  page "$STATE/tmp/firm" firm
  ctl deploy site/firm "$STATE/tmp/firm"
  eventually 30 serves t1 firm.example.test firm
  fleet_exec t1 rm -rf /etc/nginx/reeve /etc/nginx/conf.d/zz-reeve.conf /etc/systemd/system/nginx.service.d/reeve.conf
  fleet_exec t1 systemctl restart nginx.service
  eventually 30 serves t1 firm.example.test firm
  eventually 20 fleet_exec t1 test -e /etc/systemd/system/nginx.service.d/reeve.conf
  fleet_exec t1 systemctl restart nginx.service
  eventually 10 serves t1 firm.example.test firm
  eventually 20 events_tell '/etc/nginx/reeve/current was missing'
  eventually 20 condition_says host/t1 NginxReady True
  fleet_exec t1 sh -c 'echo "# mine" >/etc/nginx/conf.d/zz-reeve.conf'
  eventually 20 condition_says host/t1 NginxReady 'zz-reeve.conf was not made by Reeve'
  fleet_exec t1 rm /etc/nginx/conf.d/zz-reeve.conf
  eventually 20 condition_says host/t1 NginxReady True
  serves t1 firm.example.test firm || fail "firm is not served"
  ctl delete site/firm
}

# What was pushed along by mistake is not shown to the world.
fleet_test_hidden_files_are_not_served() {
  local path
  page "$STATE/tmp/hidden" open
  mkdir -p "$STATE/tmp/hidden/.git" "$STATE/tmp/hidden/a/.b" "$STATE/tmp/hidden/.well-known"
  for path in .env .git/config a/.b/c .well-known/proof; do echo "told $path" >"$STATE/tmp/hidden/$path"; done
  static_site hidden t1 | ctl apply -f -
  ctl deploy site/hidden "$STATE/tmp/hidden"
  eventually 30 serves t1 hidden.example.test open
  for path in .env .git/config a/.b/c %2eenv; do
    [[ $(fleet_get t1 hidden.example.test "/$path" 2>&1) != *told* ]] || fail "/$path is served"
  done
  expect_contains "$(fleet_get t1 hidden.example.test /.well-known/proof)" told "proof"
  ctl delete site/hidden
}

# A copy that goes and comes back finds what it kept.
fleet_test_state_outlives_replicas() {
  mkdir -p "$STATE/tmp/keeper"
  cat >"$STATE/tmp/keeper/server.js" <<'JS'
const fs = require('fs'), file = process.env.STATE_DIR + '/starts';
fs.appendFileSync(file, 'x');
require('http').createServer((q, r) => r.end('starts ' + fs.readFileSync(file).length + '\n')).listen(process.env.PORT, '127.0.0.1');
JS
  process_site keeper t1 | ctl apply -f -
  ctl deploy site/keeper "$STATE/tmp/keeper"
  eventually 30 serves t1 keeper.example.test "starts 1"
  process_site keeper t1 | sed 's/^  process:/  replicas: 0\n  process:/' | ctl apply -f -
  eventually 30 serves_not t1 keeper.example.test starts
  process_site keeper t1 | ctl apply -f -
  eventually 30 serves t1 keeper.example.test "starts 2"
  ctl delete site/keeper
}

fleet_test_own_programs_are_not_foreign() {
  local foreign
  foreign=$(field host/t1 status.foreign)
  expect_empty "$(grep reeve-agent <<<"$foreign" || true)" "the agent among what is foreign"
}
