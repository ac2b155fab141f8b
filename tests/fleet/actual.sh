# shellcheck shell=bash
# The real application of the fleet tests: @actual-app/sync-server, as tests/fleet/actual/package-lock.json pins
# it, compiled in a container against the Node that the hosts have (its SQLite binding is native code).

# actual_app: prints the directory that holds it ready to push, after making it if this recipe never was.
actual_app() {
  local dir
  dir=$ROOT/.dev/cache/actual-$(actual_recipe | sha256sum | cut -c1-16)
  [[ -d $dir ]] || actual_make "$dir" >&2
  echo "$dir"
}

actual_recipe() {
  cat "$ROOT"/tests/fleet/actual/*.json
  fleet_recipe "${ACTUAL_TOOLS[@]}"
  declare -f actual_make actual_compile
}

ACTUAL_TOOLS=(npm libnode-dev g++ make python3-minimal)

# The machine's own trust store goes along: behind some networks the package registry needs it.
actual_make() {
  local name image
  name=$(fleet_name actual-build)
  image=$(fleet_image "${ACTUAL_TOOLS[@]}")
  fleet_network_up
  state_end_container "$name"
  state_record "container $name"
  docker run -d --name "$name" --network "$(fleet_network)" --label "reeve.playground=$STATE_ID" \
    -e NODE_EXTRA_CA_CERTS=/trust.crt "$image" tail -f /dev/null >/dev/null
  docker cp -L /etc/ssl/certs/ca-certificates.crt "$name:/trust.crt" >/dev/null
  docker cp "$ROOT/tests/fleet/actual" "$name:/app" >/dev/null
  docker exec -i -w /app "$name" bash -euo pipefail <<<"$(declare -f actual_compile); actual_compile"
  mkdir -p "$1.new"
  docker exec "$name" tar -C /app -cf - . | tar -C "$1.new" --no-same-owner -xf -
  mv "$1.new" "$1"
  state_end_container "$name"
  state_forget "container $name"
}

# Runs in the container. What only compiling and debugging need is left out.
actual_compile() {
  npm ci --nodedir=/usr --no-audit --no-fund --omit=dev
  rm -rf node_modules/.bin node_modules/better-sqlite3/{deps,build/node_gyp_bins} \
    node_modules/better-sqlite3/build/Release/obj* node_modules/bcrypt/build-tmp*
  find . -name '*.map' -delete
}
