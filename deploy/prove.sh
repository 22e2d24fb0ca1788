#!/usr/bin/env bash
# Executes the Dockerfile without a container engine: each RUN and COPY in an empty directory, then the result as the image's user, as
# process 1, on a read-only root file system with only the files of the image. The base is assembled from the Debian packages of
# distroless/cc, from this machine's mirror. Pulling images is not tested.
#
# Needs Debian, bubblewrap, binutils and libatomic1, npm, and `npm ci` to have been run here. As root it first switches to an unprivileged user.
#
#   TEST_DATABASE_URL   the URL of a superuser on a server; if set, the image also migrates and serves there, as in production
set -euo pipefail

fail() {
  echo "prove: $*" >&2
  exit 1
}

here=$(cd "$(dirname "$0")/.." && pwd)
# The packages of distroless/cc, and libssl, whose name differs between Debian versions; gcc-N-base contains only their licence.
BASE=(base-files ca-certificates libc6 libgcc-s1 libgomp1 libstdc++6 netbase tzdata)
UNPRIVILEGED=65534

for program in bwrap strip dpkg-deb npm; do command -v "$program" >/dev/null || fail "there is no $program here"; done

if [[ -z ${PROVE_SCRATCH:-} ]]; then
  export PROVE_SCRATCH PROVE_NPM PROVE_NODE
  PROVE_SCRATCH=$(mktemp -d)
  trap 'rm -rf "$PROVE_SCRATCH"' EXIT
  mkdir "$PROVE_SCRATCH"/{context,home}
  (cd "$here" && cp -R Dockerfile bin migrations src package*.json tsconfig*.json deploy "$PROVE_SCRATCH/context")
  PROVE_NODE=$PROVE_SCRATCH/node
  cp -L "$here/node_modules/.bin/node" "$PROVE_NODE"
  PROVE_NPM=$(readlink -f "$(command -v npm)")
  npm_config_registry=$(npm config get registry 2>/dev/null)
  export npm_config_registry
  as=()
  if ((EUID == 0)); then
    chown -R "$UNPRIVILEGED:$UNPRIVILEGED" "$PROVE_SCRATCH"
    as=(setpriv "--reuid=$UNPRIVILEGED" "--regid=$UNPRIVILEGED" --clear-groups)
  fi
  HOME=$PROVE_SCRATCH/home "${as[@]}" bash "$PROVE_SCRATCH/context/deploy/prove.sh"
  exit
fi

scratch=$PROVE_SCRATCH
context=$scratch/context
root=$scratch/root # of the last stage
cd "$scratch"
mkdir -p build/app "$root" data

say() { printf '\n== %s\n' "$*"; }
# Prints the words of an exec form, each followed by NUL.
words() { "$PROVE_NODE" -e 'for (const word of JSON.parse(process.argv[1])) process.stdout.write(word + "\0")' "$1"; }

# Runs a command of the build stage: with this machine's programs, read-only, and the Node of the project. /app and /image are writable.
in_build() {
  mkdir -p build/image
  bwrap --die-with-parent --ro-bind /usr /usr --ro-bind /etc /etc --ro-bind-try /run /run \
    --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
    --dev /dev --proc /proc --tmpfs /tmp --tmpfs /usr/local/bin --ro-bind "$PROVE_NODE" /usr/local/bin/node \
    --symlink "$PROVE_NPM" /usr/local/bin/npm --bind build/app /app --bind build/image /image --bind home /home \
    --setenv HOME /home --setenv PATH /usr/local/bin:/usr/bin --chdir "$workdir" sh -ec "$1" </dev/null
}

# The contents of distroless/cc, from the mirror of this machine.
unpack_base() {
  local package libssl=libssl3t64
  apt-cache show "$libssl" >/dev/null 2>&1 || libssl=libssl3 # Debian 12
  mkdir packages
  (cd packages && apt-get -qq -o APT::Sandbox::User= download "${BASE[@]}" "$libssl" >/dev/null) ||
    fail 'apt-get download: run apt-get update first'
  for package in packages/*.deb; do dpkg-deb -x "$package" "$root"; done
  # Without documentation, and with merged directories as in Debian 13.
  rm -rf "$root"/usr/share/{doc,man,locale,lintian}
  local name
  for name in lib lib64; do
    [[ ! -d $root/$name || -L $root/$name ]] || cp -a "$root/$name/." "$root/usr/$name/"
    rm -rf "${root:?}/$name"
    [[ ! -d $root/usr/$name ]] || ln -s "usr/$name" "$root/$name"
  done
  mkdir -p "$root"/{dev,proc,tmp,etc/ssl/certs}
  cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
  rm -rf packages "$root/usr/share/ca-certificates"
  echo 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$root/etc/passwd"
  base_bytes=$(du -sb "$root" | cut -f 1)
}

copy() {
  local from=$context/ to_root
  [[ $stage == build ]] && to_root=$scratch/build || to_root=$root
  while [[ $1 == --* ]]; do
    [[ $1 != --from=build ]] || from=$scratch/build
    shift
  done
  local to=${*: -1} source
  [[ $to == /* ]] || { [[ $to == ./ ]] && to=$workdir/ || to=$workdir/$to; }
  for source in "${@:1:$#-1}"; do
    mkdir -p "$(dirname "$to_root$to/x")"
    [[ $to == */ || -d $from$source ]] || rmdir "$to_root$to"
    if [[ -d $from$source ]]; then cp -a "$from$source/." "$to_root$to/"; else cp -a "$from$source" "$to_root$to"; fi
  done
}

stage='' workdir=/ env=() base_bytes=0 entrypoint='' cmd='' healthcheck=''
step() {
  local instruction=${1%% *} rest=${1#* }
  say "$1"
  case $instruction in
    FROM) if [[ $rest == *' AS '* ]]; then stage=${rest##* }; else stage=last workdir=/ && unpack_base; fi ;;
    WORKDIR) workdir=$rest ;;
    COPY)
      local -a arguments
      read -ra arguments <<<"$rest"
      copy "${arguments[@]}"
      ;;
    RUN) in_build "$rest" ;;
    ENV)
      local -a pairs
      read -ra pairs <<<"$rest"
      for pair in "${pairs[@]}"; do env+=(--setenv "${pair%%=*}" "${pair#*=}"); done
      ;;
    USER) user=${rest%%:*} ;;
    ENTRYPOINT) entrypoint=$rest ;;
    CMD) cmd=$rest ;;
    HEALTHCHECK) healthcheck=[${rest#*CMD [} ;;
    VOLUME | EXPOSE | STOPSIGNAL) ;;
    *) fail "cannot do $instruction" ;;
  esac
}

# Runs a command in a container of the image: in_image [bwrap option…] -- command…. Only paths that an option binds are writable.
in_image() {
  local -a options=()
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  exec bwrap --die-with-parent --unshare-user --unshare-pid --as-pid-1 --uid "$user" --gid "$user" --clearenv \
    --ro-bind "$root" / --dev /dev --proc /proc --setenv PATH /usr/local/bin:/usr/bin \
    "${env[@]}" "${options[@]}" --chdir "$workdir" "${@:2}"
}

# Like `docker run`: container [bwrap option…] -- [argument…]; the arguments replace CMD.
container() {
  local -a options=() argv
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  shift
  mapfile -d '' -t argv < <(words "$entrypoint" && { (($#)) || words "$cmd"; })
  in_image "${options[@]}" -- "${argv[@]}" "$@"
}

# Waits for HEALTHCHECK and stops the container, like a container engine.
serve_and_stop() {
  local port pid attempt
  local -a probe
  port=$("$PROVE_NODE" -e '
    const server = require("net").createServer()
    server.listen(0, "127.0.0.1", () => server.close(console.log(server.address().port)))')
  (container "$@" --setenv HOST 127.0.0.1 --setenv PORT "$port" --) >out 2>&1 &
  pid=$!
  mapfile -d '' -t probe < <(words "$healthcheck")
  for attempt in {1..60}; do
    if (in_image --setenv PORT "$port" -- "${probe[@]}"); then break; fi
    if ((attempt == 60)) || ! kill -0 "$pid" 2>/dev/null; then cat out && fail 'it does not get healthy'; fi
    sleep 1
  done
  echo "healthy; ready: $("$PROVE_NODE" -e 'fetch(process.argv[1]).then((answer) => answer.text()).then(console.log)' \
    "http://127.0.0.1:$port/health/ready")"
  kill -TERM "$(cat "/proc/$pid/task/$pid/children")"
  wait "$pid" || { cat out && fail "SIGTERM ended it with status $?"; }
  echo 'SIGTERM: exit status 0'
}

while IFS= read -r line; do step "$line"; done < <(
  sed -e '/^#/d' -e '/^$/d' "$context/Dockerfile" | sed -e ':join' -e '/\\$/ { N; s/ *\\\n */ /; b join' -e '}'
)

say 'sizes'
bytes() { du -sb "$@" | awk '{ sum += $1 } END { print sum }'; }
printf '%-34s %6.1f MB\n' \
  'base (unpacked Debian packages)' "${base_bytes}e-6" 'Node, stripped' "$(bytes "$root/usr/local/bin/node")e-6" \
  'libatomic' "$(bytes "$root/usr/lib/libatomic.so.1")e-6" 'node_modules' "$(bytes "$root/app/node_modules")e-6" \
  'the service' "$(bytes "$root"/app/{bin,dist,package.json})e-6" 'all' "$(bytes "$root")e-6"
(($(bytes "$root") < 250000000)) || fail 'the image has more than 250 MB'

say 'production with nothing set: refused, with everything that is missing'
if (container --) >out 2>&1; then fail 'it started'; fi
cat out

say 'development on the embedded database, with nothing writable but /data'
serve_and_stop --bind data /data --setenv ENVIRONMENT development

[[ -n ${TEST_DATABASE_URL:-} ]] || exit 0
say 'production on a server, with nothing writable at all: migrate, then serve'
database=prove_$$
sql() {
  (cd "$root/app" && "$PROVE_NODE" --input-type=module -e '
    import pg from "pg"
    const client = new pg.Client({ connectionString: process.argv[1] })
    await client.connect()
    await client.query(process.argv[2])
    await client.end()' "$TEST_DATABASE_URL" "$1")
}
secret() { head -c 32 /dev/urandom | base64; }
sql "create database $database encoding 'UTF8' template template0"
clean_up() {
  sql "drop database $database with (force)"
  sql "drop role if exists $database, ${database}_system"
}
trap clean_up EXIT
url=$("$PROVE_NODE" -p 'Object.assign(new URL(process.argv[1]), { pathname: process.argv[2] }).href' \
  "$TEST_DATABASE_URL" "$database")
settings=(
  --setenv DATABASE_ROLE "$database"
  --setenv DATABASE_URL "$url"
  --setenv SESSION_HASH_SECRET "$(secret)" --setenv BETTER_AUTH_SECRET "$(secret)"
  --setenv SERVICE_AUTH_TOKEN "agent=$(secret)" --setenv ENCRYPTION_KEY "$(secret | tr +/ -_)"
)
(container "${settings[@]}" -- migrate up)
(container "${settings[@]}" --tmpfs /tmp -- migrate check)
serve_and_stop "${settings[@]}"
