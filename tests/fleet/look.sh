# shellcheck shell=bash
# Looking at objects and hosts from a fleet test.

# field KIND/NAME PATH: a field of an object, by a dotted path; list items by number or key=value:
#   field site/blog status.conditions.type=Ready.reason
field() { ctl get "$1" -o json | python3 -c "$FIELD" "$2"; }
FIELD='
import json, sys
value = json.load(sys.stdin)
for step in sys.argv[1].split("."):
    if isinstance(value, list) and "=" in step:
        key, want = step.split("=", 1)
        value = next((item for item in value if str(item.get(key)) == want), None)
    elif isinstance(value, list):
        value = value[int(step)] if int(step) < len(value) else None
    else:
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        break
print("" if value is None else value if isinstance(value, str) else json.dumps(value))
'
field_is() { [[ $(field "$1" "$2") == "$3" ]]; }

# names KIND: all in the namespace, one a line.
names() { ctl get "$1" -o name | sed 's,.*/,,'; }

# condition KIND/NAME TYPE: "True Reason message".
condition() {
  echo "$(field "$1" "status.conditions.type=$2.status") $(field "$1" "status.conditions.type=$2.reason")" \
    "$(field "$1" "status.conditions.type=$2.message")"
}
condition_says() { [[ $(condition "$1" "$2") == *"$3"* ]]; }

site_is_live() {
  ctl wait "site/$1" --for=condition=Ready --timeout="${2:-120}s"
}

# serves HOST DOMAIN TEXT: the page at / contains TEXT.
serves() { [[ $(fleet_get "$1" "$2" / 2>/dev/null) == *"$3"* ]]; }
serves_not() { ! serves "$@"; }

# http_code HOST DOMAIN
http_code() {
  curl -sS -o /dev/null -w '%{http_code}' --max-time 5 --noproxy '*' --resolve "$2:80:$(fleet_host_ip "$1")" "http://$2/" || true
}

# managed HOST: every file in the places Reeve owns with inode, time and contents, its users, and the units' state: as
# long as this text is the same, nothing was changed on the host.
managed() {
  # shellcheck disable=SC2016
  fleet_exec "$1" sh -c '
    find /etc/nginx /etc/systemd/system /srv/reeve -printf "%p %y %m %u %s %i %T@ %l\n" 2>/dev/null | sort
    find /etc/nginx /etc/systemd/system -type f -exec sha256sum {} + | sort
    grep "^reeve" /etc/passwd || true
    systemctl show "reeve-*.service" -p Id -p MainPID -p NRestarts --no-pager
    ss -Hltn | awk "{print \$4}" | sort'
}

# How many times the store has synced a batch of writes.
durable_writes() { metric reeve_store_sync_seconds_count | grep .; }

# settled HOST: what was asked for before is done: nothing is written between two looks.
settled() {
  local before
  before=$(store_and_host "$1") || return 1
  PAUSE_SECONDS=2 pause
  [[ $(store_and_host "$1") == "$before" ]]
}
store_and_host() { durable_writes && managed "$1"; }

# reloads HOST / daemon_reloads HOST: how many there were since boot.
reloads() { journal_count "$1" '^Reloaded nginx' -u nginx.service; }
daemon_reloads() { journal_count "$1" '^Reloading\.' _PID=1; }
# journal_count HOST PATTERN MATCHES...
journal_count() {
  local text host=$1 pattern=$2
  shift 2
  text=$(fleet_exec "$host" journalctl -o cat --no-pager "$@") || return 1
  grep -c "$pattern" <<<"$text" || true
}

# static_site NAME HOST: a manifest; NAME.example.test.
static_site() {
  cat <<YAML
apiVersion: reeve/v1
kind: Site
metadata: {name: $1}
spec:
  type: Static
  domains: [$1.example.test]
  placement: {hosts: [$2]}
---
YAML
}

# page DIR TEXT: a directory with one page.
page() { mkdir -p "$1" && printf '<p>%s</p>\n' "$2" >"$1/index.html"; }

# A small program: answers its greeting, port and host.
# program DIR TEXT
program() {
  mkdir -p "$1"
  cat >"$1/server.js" <<JS
require('http').createServer((q, r) => r.end('$2 ' + process.env.PORT + '\n')).listen(process.env.PORT, '127.0.0.1');
JS
}

# process_site NAME HOST [PORT]
process_site() {
  cat <<YAML
apiVersion: reeve/v1
kind: Site
metadata: {name: $1}
spec:
  type: Process
  domains: [$1.example.test]
  placement: {hosts: [$2]}
  process:
    command: [node, server.js]
${3:+    port: $3}
---
YAML
}
