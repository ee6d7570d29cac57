# demo, test, bench, and nothing clever. Each first installs what is missing, and says so.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.PHONY: help demo test bench setup setup-test
export PATH := $(PATH):$(HOME)/.cargo/bin

help:
	echo "make demo    the whole thing on this machine: a rehearsal with simulated people (ARGS='--k 5' and the like)"
	echo "make test    format, lints, tests, documentation, licences and arrows, each with its time"
	echo "make bench   redemptions per second, beside what bounds them on the same machine"

demo: setup
	echo "demo: building headcount-server and headcount; the first time takes some minutes"
	cargo build --locked --workspace --bins
	exec "$${CARGO_TARGET_DIR:-target}/debug/headcount-server" demo $(ARGS)

# The test of house rules runs with all the others; it has a stage of its own so that its verdict can be seen.
test:
	done=() now=
	trap 'code=$$?; echo; echo "time of each stage:"; printf "%s\n" "$${done[@]}"
	  if [ $$code -ne 0 ]; then echo "FAILED in stage: $$now"; fi; exit $$code' EXIT
	stage() {
	  now=$$1; shift
	  echo; echo "== $$now: $$*"
	  local begin=$$SECONDS
	  "$$@"
	  done+=("$$(printf "%6d s  %s" $$((SECONDS - begin)) "$$now")")
	}
	stage "setup" $(MAKE) --no-print-directory setup-test
	stage "format" cargo fmt --all --check
	stage "lints" cargo clippy --locked --workspace --all-targets -- -D warnings
	stage "tests" cargo test --locked --workspace
	stage "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items
	stage "licences and arrows" cargo test --locked --workspace --test e2e tidy::
	now=

bench: setup
	cargo bench --locked -p tests --profile dev

# A linker and the C library's headers are all that a Rust toolchain lacks on a fresh Debian.
setup:
	if ! command -v cargo >/dev/null; then
	  echo "setup: cargo is missing; install Rust 1.90 or newer, for example with rustup" >&2; exit 1
	fi
	if ! printf '#include <stdlib.h>\nint main(void) { return 0; }\n' | cc -x c -o /dev/null - 2>/dev/null; then
	  echo "setup: there is no working C compiler; installing gcc and libc6-dev"
	  apt() { if [ "$$(id -u)" = 0 ]; then apt-get -q "$$@"; else sudo apt-get -q "$$@"; fi; }
	  if ! { apt update && apt install -y --no-install-recommends gcc libc6-dev; }; then
	    echo "setup: that did not work; install a C compiler with its headers yourself (Debian: gcc, libc6-dev)" >&2; exit 1
	  fi
	fi

setup-test: setup
	for part in fmt:rustfmt clippy:clippy; do
	  if ! cargo "$${part%%:*}" --version >/dev/null 2>&1; then
	    echo "setup: $${part##*:} is missing; installing it with rustup"
	    if ! rustup component add "$${part##*:}"; then
	      echo "setup: that did not work; install $${part##*:} for your Rust toolchain yourself" >&2; exit 1
	    fi
	  fi
	done
