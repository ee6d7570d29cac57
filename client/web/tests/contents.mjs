// What is in the files of the page: a door that wants nothing and can sign nothing, and the terms of all that others wrote.
// Wants PAGE, the folder of the built page, and PAGE_BUILD, where the build keeps its parts.
//
//     make page-tests

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const OURS = ["client", "protocol"];
/** What Rust's standard library consists of. */
const STANDARD = ["__rustc", "alloc", "core", "std", "compiler_builtins", "dlmalloc", "hashbrown"];
/** The part of the section with names that is for functions. */
const FUNCTIONS = 1;

const { PAGE, PAGE_BUILD } = process.env;
const served = (stem) => readFileSync(join(PAGE, readdirSync(PAGE).find((name) => name.startsWith(`${stem}-`))));
const names = functionNames(new WebAssembly.Module(readFileSync(join(PAGE_BUILD, "door-raw.wasm"))));

test("the door wants nothing from outside, so it can ask for no randomness, clock or network", () => {
  const module = new WebAssembly.Module(served("door"));
  assert.deepEqual(WebAssembly.Module.imports(module), []);
  const exports = WebAssembly.Module.exports(module).map((part) => part.name);
  assert.deepEqual(exports.filter((name) => !name.startsWith("__")).sort(), ["allocate", "call", "memory", "release"]);
});

test("the door holds no code that signs or makes keys", () => {
  const issuing = /SecretKey|PrivateKey|SigningKey|KeyPair|NoteSigner|blind_sign|decrypt|prime|generate|getrandom/;
  assert.match("_RNvMNtCs_8protocol10blind_rsaNtB2_10PrivateKey10blind_sign", issuing);
  assert.ok(names.length > 200, String(names.length));
  assert.ok(names.some((name) => name.includes("RsaPublicKey")) && names.some((name) => name.includes("PSS")));
  assert.deepEqual(names.filter((name) => issuing.test(name)), []);
});

test("every crate that is in the door stands in the file with the licences, which the page links", () => {
  const crates = new Set(names.flatMap(cratesOf));
  assert.ok(crates.has("curve25519_dalek") && crates.has("serde_json") && crates.size > 20, [...crates].join(" "));
  const text = served("licences").toString();
  const listed = [...text.matchAll(/^(\S+) \S+: .+\n(?: {2}Copyright .*\n)*  Terms: \d/gm)].map((match) => match[1]);
  const known = [...listed.map((name) => name.replaceAll("-", "_")), ...OURS, ...STANDARD];
  assert.deepEqual([...crates].filter((name) => !known.includes(name)), []);
  for (const name of ["@fluent/bundle", "binaryen"]) assert.ok(listed.includes(name), name);
  const [referred, given] = [/Terms: ([\d, ]+)$/gm, /^==== Terms (\d+) ====$/gm].map(
    (pattern) => new Set([...text.matchAll(pattern)].flatMap((match) => match[1].split(", "))),
  );
  assert.deepEqual([...referred].sort(), [...given].sort());
  assert.match(readFileSync(join(PAGE, "index.html"), "utf8"), /<a id="licences" href="\/join\/licences-[0-9a-f]{16}\.txt"/);
});

/** The crates that a mangled name names: `C`, a disambiguator, the length of the name, the name. */
function cratesOf(name) {
  return [...name.matchAll(/Cs[0-9A-Za-z]+_(\d+)_?/g)].map((match) => {
    const start = match.index + match[0].length;
    return name.slice(start, start + Number(match[1]));
  });
}

/** Of every function, where a module was not stripped of its names. */
function functionNames(module) {
  const section = new Uint8Array(WebAssembly.Module.customSections(module, "name")[0] ?? new ArrayBuffer());
  const names = [];
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = section[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < section.length) {
    const [kind, length] = [section[at++], number()];
    const end = at + length;
    for (let left = kind === FUNCTIONS ? number() : 0; left > 0; left--) {
      number();
      const size = number();
      names.push(Buffer.from(section.subarray(at, at + size)).toString());
      at += size;
    }
    at = end;
  }
  return names;
}
