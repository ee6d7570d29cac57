// Builds the registration page: cargo → wasm-opt → wasm2js → esbuild → files named by their content, and a manifest. Two
// runs with the same compiler give the same bytes, wherever they run. `make page` copies this folder to where its
// packages are installed and runs it there:
//
//     node build.mjs REPOSITORY OUT debian|rustup

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { compile, compilerName } from "./build/compile.mjs";
import { bundle } from "./build/bundle.mjs";
import { licences } from "./build/licences.mjs";

/** Without what wasm2js, and browsers of some years ago, do not know. Sizes and times chose -Oz, see the profile `page`. */
const LOWERING = [
  "-Oz",
  "--enable-bulk-memory",
  "--enable-sign-ext",
  "--enable-nontrapping-float-to-int",
  "--enable-mutable-globals",
  "--llvm-memory-copy-fill-lowering",
  "--llvm-nontrapping-fptoint-lowering",
  "--signext-lowering",
  "--strip-target-features",
  "--strip-producers",
];

const [repository, out, toolchain] = [resolve(process.argv[2]), resolve(process.argv[3]), process.argv[4]];
const here = import.meta.dirname;
const work = `${out}-build`;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

mkdirSync(work, { recursive: true });
const compiler = compilerName(toolchain);
const wasm = compile(repository, work, toolchain);
const made = door();
const terms = licences(repository, join(here, "..", "node_modules"), toolchain);
const inputs = sha256([compiler, sha256(made.wasm), sha256(terms), ...sources()].join("\n"));
const stamp = join(out, "manifest.json");
if (existsSync(stamp) && existsSync(join(work, "inputs")) && readFileSync(join(work, "inputs"), "utf8") === inputs) {
  console.log(`page: ${out} is as it should be (${compiler})`);
} else {
  checkTypes();
  const files = await bundle(here, made, terms, `${inputs.slice(0, 12)} · ${compiler}`);
  write(files);
  writeFileSync(join(work, "inputs"), inputs);
  console.log(`page: ${out} is built (${compiler}): ${[...files.keys()].sort().join(" ")}`);
}

/** Every file of this folder that the page is made of or made by, with its digest, in the order of their names. */
function sources() {
  const names = readdirSync(here, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.startsWith(join(here, "tests")));
  return paths.map((path) => `${path.slice(here.length)} ${sha256(readFileSync(path))}`).sort();
}

/** The door as it is served, and its twin in JavaScript made of the very same bytes. */
function door() {
  const [small, twin] = [join(work, "door.wasm"), join(work, "door-without-wasm.js")];
  const madeOf = join(work, "door-made-of");
  if (!existsSync(madeOf) || readFileSync(madeOf, "utf8") !== sha256(wasm)) {
    const raw = join(work, "door-raw.wasm");
    writeFileSync(raw, wasm);
    tool("wasm-opt", [...LOWERING, raw, "--output", small]);
    tool("wasm2js", ["-O2", small, "--output", twin]);
    writeFileSync(madeOf, sha256(wasm));
  }
  return { wasm: readFileSync(small), twin };
}

function checkTypes() {
  tool("tsc", ["--project", join(here, "tsconfig.json")]);
}

function tool(name, options) {
  execFileSync(join(here, "..", "node_modules", ".bin", name), options, { stdio: ["ignore", "inherit", "inherit"] });
}

/** All or nothing: a folder that is half written never has the name of the page. */
function write(files) {
  const fresh = `${out}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const listed = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, bytes]) => {
    writeFileSync(join(fresh, path), bytes);
    return { path, size: bytes.length, sha256: sha256(bytes) };
  });
  writeFileSync(join(fresh, "manifest.json"), `${JSON.stringify({ compiler, files: listed })}\n`);
  rmSync(out, { recursive: true, force: true });
  renameSync(fresh, out);
}
