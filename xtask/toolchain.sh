# The parts that building needs: a C compiler (for the bundled SQLite) and Rust. Read by ./run and ./test with `.`;
# works with bash 3.2 too, which is what macOS has. Everything is said on stderr.

say() { printf '%s\n' "$*" >&2; }

fail() { say "$@"; exit 1; }

# Debian and Ubuntu, and allowed to install.
can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

apt_install() {
  say "installing with apt-get: $*"
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2 2>/dev/null && return
  apt-get update >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2
}

# Whether a C program can be compiled and linked: the compiler alone is not enough, it needs the C library's headers.
c_compiler_works() {
  local folder result=0
  folder=$(mktemp -d) || return 1
  printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' >"$folder/a.c"
  ${CC:-cc} -o "$folder/a" "$folder/a.c" >/dev/null 2>&1 || result=1
  rm -rf "$folder"
  return $result
}

need_c_compiler() {
  c_compiler_works && return
  if can_apt; then
    apt_install gcc libc6-dev && c_compiler_works && return
  fi
  local line='install gcc and the headers of the C library'
  case $(uname -s) in
    Darwin) line='xcode-select --install' ;;
    *)
      if command -v apt-get >/dev/null 2>&1; then line='sudo apt-get install gcc libc6-dev'
      elif command -v dnf >/dev/null 2>&1; then line='sudo dnf install gcc glibc-devel'
      elif command -v apk >/dev/null 2>&1; then line='sudo apk add gcc musl-dev'
      elif command -v pacman >/dev/null 2>&1; then line='sudo pacman -S gcc'
      fi ;;
  esac
  fail "A C compiler is needed to build and does not work here (${CC:-cc}). Type:

    $line

and run this again."
}

# cargo is there and not older than what Cargo.toml asks for (the first argument is its folder).
need_rust() {
  local wanted found
  wanted=$(sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' "$1/Cargo.toml")
  # A shell that was opened before rustup was installed does not have its folder yet.
  if ! command -v cargo >/dev/null 2>&1 && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    export PATH
  fi
  if ! command -v cargo >/dev/null 2>&1; then
    install_rust || fail "Rust $wanted or later is needed to build and is not installed. Type:

    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y

and run this again."
  fi
  found=$(cd "$1" && cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9.]*\).*/\1/p')
  if ! at_least "$found" "$wanted"; then
    local line="install a newer Rust (https://rustup.rs)"
    if command -v rustup >/dev/null 2>&1; then line='rustup update stable && rustup default stable'; fi
    fail "Rust $wanted or later is needed to build; here is ${found:-one that does not work}. Type:

    $line

and run this again."
  fi
}

# Where Debian or Ubuntu has rustup (Debian 13, Ubuntu 24.04 and later): what they have of Rust itself is too old.
install_rust() {
  can_apt && apt_install rustup && rustup default stable >&2
}

# at_least 1.95.0 1.95
at_least() {
  local found_major found_minor wanted_major wanted_minor rest
  IFS=. read -r found_major found_minor rest <<EOF
$1
EOF
  IFS=. read -r wanted_major wanted_minor rest <<EOF
$2
EOF
  case "$found_major$found_minor" in '' | *[!0-9]*) return 1 ;; esac
  [ "$found_major" -gt "$wanted_major" ] ||
    { [ "$found_major" -eq "$wanted_major" ] && [ "${found_minor:-0}" -ge "${wanted_minor:-0}" ]; }
}
