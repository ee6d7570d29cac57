# demo, test, bench, and nothing clever. Each first installs what is missing, and says so.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.PHONY: help demo page page-tests release programs reproduce test promises fuzz mutants soak bench lighthouse country setup setup-test setup-peers setup-browsers setup-node setup-page setup-bench setup-fuzz
export PATH := $(PATH):$(HOME)/.cargo/bin
# Debian's packages, as root or through sudo. A recipe that begins with it can say: apt_install NAME…
APT = apt_install() { local as; [ "$$(id -u)" = 0 ] && as= || as=sudo; $$as apt-get -q update && $$as apt-get -q install -y --no-install-recommends "$$@"; }
# A recipe that begins with it has a Node that is new enough, with npm: this machine's own, or the one of setup-node.
NODE = own_node() { npm --version && node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) ? 0 : 1)'; } >/dev/null 2>&1; \
  own_node || PATH="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")/node/bin:$$PATH"

# A recipe that begins with it, and has `say` and `failed`, can say: npm_install FROM TO WHAT. The packages of a committed
# lock file, by their digests, anew where it has changed.
NPM = npm_install() { \
    if cmp -s "$$1/package-lock.json" "$$2/installed" && [ -d "$$2/node_modules" ]; then return; fi; \
    say "installing $$3 into $$2 with npm"; \
    rm -rf "$$2"; mkdir -p "$$2"; cp "$$1"/package.json "$$1"/package-lock.json "$$1"/.npmrc "$$2"; \
    (cd "$$2" && npm ci --loglevel=error) || failed "that did not work; is the registry of npm reachable?"; \
    cp "$$1/package-lock.json" "$$2/installed"; }

help:
	echo "make demo    the whole thing on this machine: a rehearsal with simulated people (ARGS='--k 5' and the like)"
	echo "make page    the registration page as the log of a campaign names it: the same bytes on every machine"
	echo "make release the two programs and the page for another machine, with their digests, in target/release-artefact"
	echo "make reproduce  the two programs built twice, from two folders, and compared bit for bit"
	echo "make test    format, lints, tests, documentation, licences and arrows, each with its time"
	echo "make promises   each promise of SECURITY.md, its tests, and how they end"
	echo "make fuzz    every decoder, the rule of publication and the whole HTTP surface, SECONDS=600 in all, by what covers new code"
	echo "make mutants WHAT=protocol/src/publication.rs    one fault after the other, and which of them no test finds"
	echo "make soak    50,000 requests for invites by e-mail in ten minutes, against a mail server that takes 50 a second"
	echo "make bench   what the parts do per second, beside peers measured in the same run; some minutes"
	echo "make lighthouse    Lighthouse's marks for the overview and the registration page"
	echo "make country FOLDER=server/campaigns/belarus    the map and the places of a country anew, from open data"

# A rehearsal's page may be built by rustup's compiler where that is quicker to have.
demo: setup
	compiler=debian
	if command -v rustup >/dev/null; then
	  if rustup target list --installed | grep -qx wasm32-unknown-unknown || {
	    echo "demo: adding rustup's target wasm32-unknown-unknown, for the registration page"
	    timeout 30 rustup target add wasm32-unknown-unknown
	  }; then compiler=rustup; fi
	fi
	page=(--page "$${CARGO_TARGET_DIR:-target}/page")
	if ! $(MAKE) --no-print-directory page COMPILER=$$compiler; then
	  echo "demo: the registration page could not be built, see above; the demo goes on without it" >&2; page=()
	fi
	echo "demo: building headcount-server and headcount; the first time takes some minutes"
	cargo build --locked --workspace --bins
	exec "$${CARGO_TARGET_DIR:-target}/debug/headcount-server" demo "$${page[@]}" $(ARGS)

# Into target/page. Debian's compiler gives the same bytes everywhere; COMPILER=rustup is for rehearsals.
COMPILER = debian
page: setup-page
	$(NODE)
	target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")"
	rm -rf "$$target/page-tools/web"
	cp -R client/web "$$target/page-tools/web"
	node "$$target/page-tools/web/build.mjs" "$(CURDIR)" "$$target/page" $(COMPILER)

# For machines that build nothing: of theirs the programs need only glibc, as new as here.
release: page programs
	target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")" to="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")/release-artefact"
	rm -rf "$$to"
	mkdir -p "$$to"
	cp "$$target"/release-programs/* "$$to"
	cp -R "$$target/page" "$$to/page"
	cd "$$to"
	find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum > "$$target/SHA256SUMS"
	mv "$$target/SHA256SUMS" .
	cat SHA256SUMS
	echo "release: all of it is in $$to; to check it elsewhere: sha256sum --check SHA256SUMS"

# Built as the tests build them, so that what was tried is what runs, but anew: no folder of this machine, which may be named
# after a person, is in them, nor a build id, which would be a digest of what is stripped. Whether they are the same bytes elsewhere `make reproduce` says.
programs: setup
	target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")" to="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")/release-programs"
	crates="$$(realpath -m "$${CARGO_HOME:-$$HOME/.cargo}")"
	echo "release: building headcount-server and headcount; the first time takes some minutes"
	CARGO_INCREMENTAL=0 SOURCE_DATE_EPOCH=0 \
	RUSTFLAGS="--remap-path-prefix=$(CURDIR)=headcount --remap-path-prefix=$$crates=crates --remap-path-prefix=$$target=target -C link-arg=-Wl,--build-id=none" \
	CFLAGS="-ffile-prefix-map=$$target=target -ffile-prefix-map=$$crates=crates" \
	  cargo build --locked --package server --package client --bins --target-dir "$$target/release-build"
	rm -rf "$$to"
	mkdir -p "$$to"
	for program in headcount-server headcount; do
	  strip -o "$$to/$$program" "$$target/release-build/debug/$$program"
	  for folder in "$(CURDIR)" "$$crates" "$$target"; do
	    ! grep -qF "$$folder" "$$to/$$program" || { echo "release: $$program names $$folder" >&2; exit 1; }
	  done
	done

# The programs of a release twice: here, and from a copy of the sources in another folder, with another cargo home.
reproduce: programs
	target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")" crates="$$(realpath -m "$${CARGO_HOME:-$$HOME/.cargo}")"
	elsewhere="$$(mktemp -d -p "$$target" reproduce-XXXXXX)"
	trap 'rm -rf "$$elsewhere"' EXIT
	mkdir -p "$$elsewhere/another/house" "$$elsewhere/crates/registry"
	tar -C "$(CURDIR)" --exclude=./target --exclude=./.git -cf - . | tar -C "$$elsewhere/another/house" -xf -
	for part in registry/index registry/cache config.toml; do
	  [ ! -e "$$crates/$$part" ] || cp -R "$$crates/$$part" "$$elsewhere/crates/$$part"
	done
	echo "reproduce: the same again in another folder"
	CARGO_HOME="$$elsewhere/crates" CARGO_TARGET_DIR="$$elsewhere/built" $(MAKE) --no-print-directory -C "$$elsewhere/another/house" programs
	rm -rf "$$target/release-programs-elsewhere"
	mv "$$elsewhere/built/release-programs" "$$target/release-programs-elsewhere"
	for program in headcount-server headcount; do
	  cmp "$$target/release-programs/$$program" "$$target/release-programs-elsewhere/$$program" ||
	    { echo "reproduce: $$program differs between two folders of one machine" >&2; exit 1; }
	done
	(cd "$$target/release-programs" && sha256sum headcount-server headcount)
	echo "reproduce: both programs are the same, bit for bit"

# What the page decides by itself, its texts, and the door as it was built, in WebAssembly and without.
page-tests: page
	$(NODE)
	target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")"
	export REPOSITORY="$(CURDIR)" PAGE="$$target/page" PAGE_BUILD="$$target/page-build"
	node --test "$$target"/page-tools/web/tests/*.mjs

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
	stage "foreign peers and browsers" $(MAKE) --no-print-directory setup-peers setup-browsers
	stage "registration page" $(MAKE) --no-print-directory page
	stage "its tests in Node" $(MAKE) --no-print-directory page-tests
	stage "format" cargo fmt --all --check
	stage "lints" cargo clippy --locked --workspace --all-targets -- -D warnings
	target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")"
	all_tests() { cargo test --locked --workspace 2>&1 | tee "$$target/tests.log"; }
	stage "tests" all_tests
	stage "promises" "$$target/debug/promises" "$$target/tests.log"
	stage "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items
	stage "licences and arrows" cargo test --locked --workspace --test e2e tidy::
	stage "a minute of fuzzing" $(MAKE) --no-print-directory fuzz SECONDS=60
	now=

# The table promise × test × result. The gate prints it too, from its own run.
promises: setup-test setup-peers setup-browsers page
	cargo build --locked --workspace --bins
	exec "$${CARGO_TARGET_DIR:-target}/debug/promises"

# Each target of tests/fuzz in turn, from its corpus and what earlier runs added to it in target/fuzz/corpus. A finding is in
# target/fuzz/found; the file is the target's only argument to see it again. Everything is built anew, to be watched by the
# fuzzer, and with all checks of overflow in the libraries too. SANITIZER=address also watches memory, at twice the time.
SECONDS = 600
SANITIZER = none
fuzz: setup-fuzz
	target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")"
	export PATH="$$target/fuzz-tools/bin:$$PATH"
	echo "fuzz: building the targets; the first time takes some minutes"
	if [ "$(SANITIZER)" != none ]; then export RUSTC_BOOTSTRAP=1; fi
	cargo fmt --manifest-path tests/fuzz/Cargo.toml --check
	cargo fuzz build --fuzz-dir tests/fuzz --target-dir "$$target/fuzz" --dev --strip-dead-code --sanitizer $(SANITIZER)
	programs="$$(dirname "$$(ls -t "$$target"/fuzz/*/debug/messages | head -n 1)")"
	targets=($$(cargo fuzz list --fuzz-dir tests/fuzz))
	for name in "$${targets[@]}"; do
	  mkdir -p "$$target/fuzz/corpus/$$name" "$$target/fuzz/found"
	  log="$$target/fuzz/$$name.log"
	  if ! "$$programs/$$name" -max_total_time=$$(($(SECONDS) / $${#targets[@]})) -timeout=60 -print_final_stats=1 \
	      -artifact_prefix="$$target/fuzz/found/$$name-" "$$target/fuzz/corpus/$$name" "tests/fuzz/corpus/$$name" >"$$log" 2>&1; then
	    tail -n 60 "$$log"
	    echo "fuzz: $$name found something; all it said is in $$log" >&2
	    exit 1
	  fi
	  echo "fuzz: $$(printf '%10s' "$$(sed -n 's/^stat::number_of_executed_units: *//p' "$$log")") inputs to $$name"
	done

# A fault in each line that can have one, one after the other, and the tests that must find it (.cargo/mutants.toml says
# which, and which faults are none). Some seconds each; the whole of protocol/src takes hours.
WHAT_TO_MUTATE = $(or $(WHAT),protocol/src/**/*.rs)
mutants: setup-test
	target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")"
	if [ "$$("$$target/mutants-tools/bin/cargo-mutants" --version 2>/dev/null)" != "cargo-mutants 27.1.0" ]; then
	  echo "mutants: installing cargo-mutants into $$target/mutants-tools with cargo"
	  cargo install --quiet --debug --locked --root "$$target/mutants-tools" --version 27.1.0 cargo-mutants
	fi
	PATH="$$target/mutants-tools/bin:$$PATH" cargo mutants --output "$$target" --file "$(WHAT_TO_MUTATE)"

# Longer than the gate may take. The mail server is a real one, and each mail that was accepted must arrive.
soak: setup-test setup-peers
	cargo test --locked --workspace --test mail of_fifty_thousand -- --ignored --nocapture

# WHAT='verify tick' chooses subjects whose names contain one of the words. Syncs need a disk, which /tmp may not be.
bench: setup-bench
	mkdir -p "$${CARGO_TARGET_DIR:-target}"
	export TMPDIR="$$(mktemp -d -p "$${CARGO_TARGET_DIR:-target}" bench-XXXXXX)"
	TMPDIR="$$(realpath "$$TMPDIR")"
	trap 'rm -rf "$$TMPDIR"' EXIT
	cargo bench --locked --workspace --profile dev --bench bench -- $(WHAT)

# It judges speed too, which the gate must not: machines differ. Reports: target/lighthouse/reports.
lighthouse: page setup-browsers
	$(NODE)
	$(NPM)
	target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")"
	say() { echo "lighthouse: $$1"; }
	failed() { echo "lighthouse: $$1" >&2; exit 1; }
	npm_install tests/lighthouse "$$target/lighthouse" "Lighthouse"
	cp tests/lighthouse/marks.mjs tests/browsers/node/chromium.mjs "$$target/lighthouse"
	cargo build --quiet --locked --workspace --bins
	cd "$$target/lighthouse"
	node marks.mjs "$$target/debug/headcount-server" "$$target/page" "$$target/lighthouse/reports"

# The map and the places of a campaign's folder, from open data (server/campaigns/mapdata/README.md). With COUNTRY=BY
# LANGUAGES=en,be,ru a folder that has nothing yet is begun. Everything foreign is pinned there, and checked.
country: setup setup-node
	$(APT)
	$(NODE)
	from="$(CURDIR)/server/campaigns/mapdata" to="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")/mapdata" packages=()
	failed() { echo "country: $$1" >&2; exit 1; }
	[ -n "$(FOLDER)" ] || failed "say which folder: make country FOLDER=server/campaigns/belarus"
	[ -e /usr/share/locale/en/LC_MESSAGES/geonames.mo ] || packages+=(libgeonames-common)
	python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3 python3-venv)
	if [ $${#packages[@]} -gt 0 ]; then
	  echo "country: installing $${packages[*]} with apt-get"
	  apt_install "$${packages[@]}" || failed "that did not work; install them yourself"
	fi
	if ! cat "$$from"/package-lock.json "$$from"/requirements.txt | cmp -s - "$$to/installed"; then
	  echo "country: installing outlines, places and what draws them into $$to with npm and pip"
	  rm -rf "$$to"
	  mkdir -p "$$to"
	  cp "$$from"/package.json "$$from"/package-lock.json "$$from"/.npmrc "$$to"
	  (cd "$$to" && npm ci --loglevel=error) || failed "that did not work; is the registry of npm reachable?"
	  { python3 -m venv "$$to/venv" && "$$to/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
	      --no-deps --only-binary :all: --require-hashes --requirement "$$from/requirements.txt" --target "$$to"; } ||
	    failed "that did not work; is the Python package index reachable?"
	  cat "$$from"/package-lock.json "$$from"/requirements.txt > "$$to/installed"
	fi
	cp "$$from"/*.mjs "$$to"
	node "$$to/make.mjs" "$(FOLDER)" $(COUNTRY) $(LANGUAGES)
	cargo run --quiet --locked -p server --example make-campaign -- "$(FOLDER)"

# A linker, the C library's headers and OpenSSL, which signs, are all that a Rust toolchain lacks on a fresh Debian.
setup:
	$(APT)
	if ! command -v cargo >/dev/null; then
	  echo "setup: cargo is missing; install Rust 1.90 or newer, for example with rustup" >&2; exit 1
	fi
	if ! printf '#include <stdlib.h>\nint main(void) { return 0; }\n' | cc -x c -o /dev/null - 2>/dev/null; then
	  echo "setup: there is no working C compiler; installing gcc and libc6-dev"
	  if ! apt_install gcc libc6-dev; then
	    echo "setup: that did not work; install a C compiler with its headers yourself (Debian: gcc, libc6-dev)" >&2; exit 1
	  fi
	fi
	if ! printf '#include <openssl/rsa.h>\nint main(void) { return EVP_RSA_gen(2048) == 0; }\n' |
	    cc -x c -o /dev/null - -l:libssl.a -l:libcrypto.a 2>/dev/null; then
	  echo "setup: OpenSSL's headers and archives are missing; installing libssl-dev"
	  if ! apt_install libssl-dev; then
	    echo "setup: that did not work; install OpenSSL 3 with headers and archives yourself (Debian: libssl-dev)" >&2; exit 1
	  fi
	fi

setup-test: setup
	$(APT)
	for part in fmt:rustfmt clippy:clippy; do
	  if ! cargo "$${part%%:*}" --version >/dev/null 2>&1; then
	    echo "setup: $${part##*:} is missing; installing it with rustup"
	    if ! rustup component add "$${part##*:}"; then
	      echo "setup: that did not work; install $${part##*:} for your Rust toolchain yourself" >&2; exit 1
	    fi
	  fi
	done
	if ! command -v strace >/dev/null; then
	  echo "setup: strace is missing, which the tests kill servers with; installing it"
	  if ! apt_install strace; then
	    echo "setup: that did not work; install strace yourself (Debian: strace)" >&2; exit 1
	  fi
	fi

# The fuzzer is C++, and comes with the crate that is built with the targets.
setup-fuzz: setup-test
	$(APT)
	target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")"
	if ! printf '#include <cstdlib>\nint main() { return 0; }\n' | c++ -x c++ -o /dev/null - 2>/dev/null; then
	  echo "setup: there is no working C++ compiler, which builds the fuzzer; installing g++"
	  if ! apt_install g++; then
	    echo "setup: that did not work; install a C++ compiler with its headers yourself (Debian: g++)" >&2; exit 1
	  fi
	fi
	if [ "$$("$$target/fuzz-tools/bin/cargo-fuzz" --version 2>/dev/null)" != "cargo-fuzz 0.13.2" ]; then
	  echo "setup: installing cargo-fuzz into $$target/fuzz-tools with cargo"
	  cargo install --quiet --debug --locked --root "$$target/fuzz-tools" --version 0.13.2 cargo-fuzz
	fi

# What the tests drive although nobody here wrote it. Versions and digests are committed beside the programs in
# tests/peers; all but Debian's packages goes below the target folder.
setup-peers: setup-node
	$(APT)
	$(NODE)
	$(NPM)
	from="$(CURDIR)/tests/peers" to="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")/peers" packages=()
	say() { echo "setup-peers: $$1"; }
	failed() { echo "setup-peers: $$1" >&2; exit 1; }
	mkdir -p "$$to"
	command -v go >/dev/null || packages+=(golang-go)
	command -v openssl >/dev/null || packages+=(openssl)
	command -v systemd-analyze >/dev/null || packages+=(systemd)
	command -v age >/dev/null || packages+=(age)
	[ -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog ] || packages+=(golang-golang-x-mod-dev)
	python=
	for candidate in python3 /usr/bin/python3; do
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
	    python=$$candidate; break
	  fi
	done
	if [ -z "$$python" ]; then packages+=(python3 python3-venv); python=/usr/bin/python3; fi
	if [ $${#packages[@]} -gt 0 ]; then
	  say "installing $${packages[*]} with apt-get"
	  apt_install "$${packages[@]}" ||
	    failed "that did not work; install yourself: Go, its library golang.org/x/mod in /usr/share/gocode, age, Python 3.11 with venv, openssl, systemd-analyze"
	fi
	wanted="$$from/python/requirements.txt"
	if ! { cmp -s "$$wanted" "$$to/venv/installed" && "$$to/venv/bin/python" -c 'import cryptography, tlog_scales, aiosmtpd'; }; then
	  say "installing Python's cryptography, tlog-scales and aiosmtpd into $$to/venv with pip"
	  rm -rf "$$to/venv"
	  { "$$python" -m venv "$$to/venv" && "$$to/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
	      --only-binary :all: --require-hashes --requirement "$$wanted"; } ||
	    failed "that did not work; is the Python package index reachable?"
	  cp "$$wanted" "$$to/venv/installed"
	fi
	npm_install "$$from/node" "$$to/node" "the Privacy Pass packages for Node"
	# unpacked and not installed: installed they would start as services, on ports of everybody's
	unpack() { # its path, what it answers to, what it stands on
	  local path=$$1 question=$$2 name="$$(basename "$$1")"; shift 2
	  if [ -x "/$$path" ] || "$$to/$$name/$$path" "$$question" >/dev/null 2>&1; then return; fi
	  say "unpacking Debian's $$name into $$to/$$name"
	  rm -rf "$$to/$$name"
	  mkdir -p "$$to/$$name"
	  { apt_install "$$@" && (cd "$$to/$$name" && apt-get -q download "$$name" && dpkg -x "$$name"_*.deb .) &&
	      "$$to/$$name/$$path" "$$question"; } || failed "that did not work; install $$name yourself"
	}
	unpack usr/sbin/nginx -v libpcre2-8-0 zlib1g
	unpack usr/bin/caddy version libzstd1
	unpack usr/bin/tor --version libcap2 libevent-2.1-7 liblzma5 libseccomp2 libssl3 libsystemd0 libzstd1 zlib1g
	say "Go $$(go env GOVERSION), Node $$(node --version), $$("$$to/venv/bin/python" --version) are there, with their libraries"

# The browsers that the tests look at the pages with, and what drives them: Debian's own, never one that a package fetches.
setup-browsers: setup-node
	$(APT)
	$(NODE)
	$(NPM)
	from="$(CURDIR)/tests/browsers/node" to="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")" packages=()
	say() { echo "setup-browsers: $$1"; }
	failed() { echo "setup-browsers: $$1" >&2; exit 1; }
	command -v chromium >/dev/null || packages+=(chromium)
	command -v firefox-esr >/dev/null || packages+=(firefox-esr)
	command -v pdftoppm >/dev/null || packages+=(poppler-utils)
	command -v zbarimg >/dev/null || packages+=(zbar-tools)
	fc-list 2>/dev/null | grep -q "DejaVu Sans" || packages+=(fontconfig fonts-dejavu-core)
	if [ $${#packages[@]} -gt 0 ]; then
	  say "installing $${packages[*]} with apt-get"
	  apt_install "$${packages[@]}" ||
	    failed "that did not work; install yourself: chromium, firefox-esr, poppler-utils, zbar-tools, a font with Cyrillic and Arabic letters"
	fi
	npm_install "$$from" "$$to/browsers/node" "playwright-core, puppeteer-core, axe-core and pngjs"
	say "$$(chromium --version 2>/dev/null), $$(firefox-esr --version 2>/dev/null) are there, with what drives them"

# Node from the Python package index, for machines that have none or an old one.
setup-node:
	$(APT)
	$(NODE)
	from="$(CURDIR)/client/web/node-requirements.txt" to="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")/node"
	failed() { echo "setup-node: $$1" >&2; exit 1; }
	if own_node || cmp -s "$$from" "$$to/installed"; then exit 0; fi
	if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
	  echo "setup-node: installing python3 and python3-venv with apt-get"
	  apt_install python3 python3-venv || failed "that did not work; install Python with venv, or Node 22.12 or newer with npm"
	fi
	echo "setup-node: there is no Node of 22.12 or newer; installing one into $$to with pip"
	rm -rf "$$to"
	{ python3 -m venv "$$to" && "$$to/bin/python" -m pip install --quiet --disable-pip-version-check \
	    --only-binary :all: --require-hashes --requirement "$$from"; } ||
	  failed "that did not work; is the Python package index reachable?"
	cp "$$from" "$$to/installed"

# The compiler of the page, and what bundles it: npm packages by their digests, below the target folder.
setup-page: setup setup-node
	$(APT)
	$(NODE)
	$(NPM)
	from="$(CURDIR)/client/web" target="$$(realpath -m "$${CARGO_TARGET_DIR:-target}")" packages=()
	say() { echo "setup-page: $$1"; }
	failed() { echo "setup-page: $$1" >&2; exit 1; }
	if [ "$(COMPILER)" = debian ]; then
	  for package in rustc-web cargo-web rust-web-src lld; do
	    dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q "ok installed" || packages+=("$$package")
	  done
	fi
	if [ $${#packages[@]} -gt 0 ]; then
	  say "installing $${packages[*]} with apt-get: the compiler of the registration page"
	  apt_install "$${packages[@]}" ||
	    failed "that did not work; the page that a log names is built on Debian, with these packages of it"
	fi
	npm_install "$$from" "$$target/page-tools" "binaryen, esbuild, TypeScript and Fluent"

# One of the peers is the command openssl.
setup-bench: setup
	$(APT)
	if ! command -v openssl >/dev/null; then
	  echo "setup: the command openssl is missing; installing it"
	  if ! apt_install openssl; then
	    echo "setup: that did not work; install the command openssl yourself (Debian: openssl)" >&2; exit 1
	  fi
	fi
