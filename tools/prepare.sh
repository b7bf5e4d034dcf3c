# Read by tools/run and tools/test: what they need of the machine (`need`), of the tree (`build`), and of Lua (`paths`).
# All that is said goes to stderr, and nothing is said when there is nothing to do.

cmake --version >/dev/null 2>&1 || PATH=/usr/bin:$PATH   # a cmake on the path can be a shim that leads nowhere

# compiles FLAGS LINE...: whether the C program of these lines compiles and links.
compiles() { local flags=$1; shift; printf '%s\n' "$@" 'int main(void) { return 0; }' | cc -x c - $flags -o /dev/null; }

# found WHAT: whether the machine has it. Everything is tried, not looked up in a list of packages.
found() {
  case $1 in
    cc) compiles "" '#include <stdio.h>' ;;
    cblas) compiles "-I/usr/include/openblas -lopenblas" '#include <cblas.h>' ;;
    lua.h) compiles "-I/usr/include/lua5.4 -I/usr/local/include/lua5.4 -llua5.4" '#include <lua.h>' '#if LUA_VERSION_NUM != 504' '#error' '#endif' ;;
    lua5.4) lua5.4 -v ;;
    busted) lua5.4 spec/run.lua --version ;;
    *) "$1" --version ;;
  esac >/dev/null 2>&1
}

# The Debian and Ubuntu packages that have it.
packages() {
  case $1 in
    cc) echo gcc libc6-dev ;;
    cblas) echo libopenblas-dev ;;
    lua.h) echo liblua5.4-dev ;;
    busted) echo lua-busted ;;
    luacheck) echo lua-check ;;
    *) echo "$1" ;;
  esac
}

# need WHAT...: installs what is missing. Asks first where there is somebody to answer; never removes or upgrades a package.
need() {
  local what missing="" install="apt-get install -y --no-install-recommends --no-remove --no-upgrade" root=""
  for what; do found "$what" || missing+=" $(packages "$what")"; done
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || root=sudo
  echo "tide needs these packages:$missing" >&2
  if ! command -v apt-get >/dev/null || { [ -n "$root" ] && ! command -v sudo >/dev/null; }; then
    echo "they cannot be installed from here: please install them (the names are Debian's) and try again" >&2
    return 1
  fi
  echo "to be installed by: ${root:+$root }$install$missing" >&2
  if [ -t 0 ] && [ "${DEBIAN_FRONTEND:-}" != noninteractive ]; then
    read -r -p "go on? [Y/n] " what
    case $what in [nN]*) return 1 ;; esac
  fi
  { $root apt-get update -q || true; $root env DEBIAN_FRONTEND=noninteractive $install $missing; } </dev/null >&2 || return
  for what; do found "$what" || { echo "$what is still missing" >&2; return 1; }; done
}

# build DIR OPTION...: brings src/tide_ops.h up to date with the tables, then configures and builds the tree in DIR, showing what is compiled.
build() {
  local dir=$1 out; shift
  tools/ops_header || return
  out=$(cmake -S . -B "$dir" "$@" 2>&1) || { echo "$out" >&2; return 1; }
  cmake --build "$dir" -j "$(nproc)" 2>&1 |
    { grep -vE 'Built target|^Consolidate|^Scanning|^-- |Re-checking|Linking' || true; } >&2
  return "${PIPESTATUS[0]}"
}

# paths DIR: lets Lua find tide in this tree, with the module built in DIR, before anything else.
paths() {
  export LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;${LUA_PATH_5_4:-${LUA_PATH:-;}}"
  export LUA_CPATH="$PWD/$1/lua/?.so;${LUA_CPATH_5_4:-${LUA_CPATH:-;}}"
  unset LUA_PATH_5_4 LUA_CPATH_5_4
}
