// The crate `client` as WebAssembly. With Debian's compiler everybody can repeat it, byte for byte, from signed packages;
// so this is the build that the log of a campaign names. With rustup's it is quicker to have, for a rehearsal.

import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What stands in the manifest. */
export function compilerName(toolchain) {
  if (toolchain === "debian") return `debian rustc-web ${text("dpkg-query", ["-W", "-f", "${Version}", "rustc-web"])}`;
  return `rustup rustc ${text("rustc", ["--version"]).split(" ")[1]}`;
}

/** Compiles, quickly if nothing has changed, and gives the module's bytes. */
export function compile(repository, work, toolchain) {
  const target = join(work, toolchain);
  const { program, env } = cargo(repository, toolchain);
  const options = ["rustc", "--locked", "--package", "client", "--lib", "--crate-type", "cdylib", "--profile", "page"];
  options.push("--target", TARGET, "--target-dir", target);
  if (toolchain === "debian") options.push("-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size");
  execFileSync(program, options, { cwd: repository, env, stdio: ["ignore", "inherit", "inherit"] });
  return readFileSync(join(target, TARGET, "page", "client.wasm"));
}

/** The cargo of a toolchain, what it is to find in its environment, and where it unpacks what it downloads. */
export function cargo(repository, toolchain) {
  const debian = toolchain === "debian";
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry", "src");
  const env = { ...process.env, ...environment(repository, registry, debian) };
  return { program: debian ? "/usr/bin/cargo" : "cargo", registry, env };
}

function environment(repository, registry, debian) {
  const flags = [
    // No randomness of its own: whatever asked for some would get an error. It comes in with the request `phrase`.
    '--cfg=getrandom_backend="unsupported"',
    // Where it was built must not show in the bytes.
    `--remap-path-prefix=${repository}=headcount`,
    `--remap-path-prefix=${realpathSync(repository)}=headcount`,
    `--remap-path-prefix=${registry}=registry`,
    // A few percent slower than unrolled, and a third of the size.
    '--cfg=sha2_backend_soft="compact"',
  ];
  if (!debian) return { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") };
  // A panic would trap either way; without its words the module is smaller.
  flags.push("-Zunstable-options", "-Cpanic=immediate-abort", "-Zfmt-debug=none", "-Zlocation-detail=none");
  return {
    CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: "/usr/bin/wasm-ld",
    CARGO_PROFILE_PAGE_PANIC: "immediate-abort",
    CARGO_UNSTABLE_PANIC_IMMEDIATE_ABORT: "true",
    RUSTC: "/usr/bin/rustc",
    RUSTC_BOOTSTRAP: "1",
    RUSTUP_TOOLCHAIN: "",
  };
}

function text(program, options) {
  return execFileSync(program, options, { encoding: "utf8" }).trim();
}

const TARGET = "wasm32-unknown-unknown";
