// Who wrote what is in the page's files and is not ours, and under which terms: a file that the page links, made anew from
// what cargo and npm have unpacked. Of two licences it takes MIT, which asks for the least. A package whose terms cannot be
// found stops the build.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cargo } from "./compile.mjs";

/** The file's text. `packages` is the folder of the npm packages. */
export function licences(repository, packages, toolchain) {
  const parts = [...crates(repository, toolchain), ...NPM.map((name) => npmPackage(join(packages, name))), STANDARD];
  const donors = new Map(DONORS.map(([licence, name]) => [licence, parts.find((part) => part.name === name)]));
  const texts = [];
  const entry = (part) => {
    const files = filesOf(part) ?? [standard(part, donors)];
    const holders = files.flatMap(({ holders }) => holders);
    const numbers = files.map(({ terms }) => {
      const known = texts.findIndex((text) => bare(text) === bare(terms));
      return known >= 0 ? known + 1 : texts.push(terms);
    });
    const lines = [`${part.name} ${part.version}: ${part.licence}`.replace(" :", ":"), ...unique(holders)];
    return [...lines, `Terms: ${unique(numbers).join(", ")}`].join("\n  ");
  };
  const entries = parts.sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1)).map(entry);
  const terms = texts.map((text, index) => `==== Terms ${index + 1} ====\n\n${text}`);
  return Buffer.from(`${[HEAD, ...entries, ...terms].join("\n\n")}\n`);
}

/** The crates that are compiled into the door, but not those that only run while it is compiled. */
function crates(repository, toolchain) {
  const { program, registry, env } = cargo(repository, toolchain);
  const options = ["tree", "--locked", "--package", "client", "--target", "wasm32-unknown-unknown"];
  options.push("--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{l}|");
  const listed = execFileSync(program, options, { cwd: repository, env, encoding: "utf8" });
  const foreign = unique(listed.split("\n").filter((line) => line && !/^\S+ v\S+ \(/.test(line)));
  return unique(foreign.map((line) => line.replace(/\|[^|]*$/, ""))).map((line) => {
    const [, name, version, licence] = /^(\S+) v(\S+)\|(.+)$/.exec(line) ?? [];
    if (!name) throw new Error(`licences: ${line}`);
    const folder = readdirSync(registry).map((index) => join(registry, index, `${name}-${version}`)).find(existsSync);
    if (!folder) throw new Error(`licences: cargo has not unpacked ${name} ${version}`);
    const authors = /^authors = \[([^\]]*)\]/m.exec(readFileSync(join(folder, "Cargo.toml"), "utf8"))?.[1] ?? "";
    const holders = [...authors.matchAll(/"([^"<]+?)\s*(?:<[^"]*)?"/g)].map((match) => `Copyright ${match[1]}`);
    return { name, version, licence, folder, holders };
  });
}

function npmPackage(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const holder = typeof author === "string" ? author.replace(/\s*<.*/, "") : (author?.name ?? `the authors of ${name}`);
  return { name, version, licence: license, folder, holders: [`Copyright ${holder}`] };
}

/** The files with the terms of a package, taken apart; nothing if it brings none. */
function filesOf({ folder, licence }) {
  const names = folder ? readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name)).sort() : [];
  const main = [/mit/i, /^licen[cs]e(\.\w+)?$/i].map((kind) => names.find((name) => kind.test(name))).find(Boolean);
  if (!main) return null;
  const besides = licence.includes("AND Unicode-3.0") ? names.filter((name) => /unicode/i.test(name)) : [];
  return [main, ...besides].map((name) => {
    const lines = readFileSync(join(folder, name), "utf8").replaceAll("\r", "").split("\n");
    const isHolder = (line) => /^[\s*]*copyright\s+(\(c\)|©|\d)/i.test(line);
    const terms = lines.filter((line) => !isHolder(line)).join("\n").trim().replace(/\n{3,}/g, "\n\n");
    return { holders: lines.filter(isHolder).map((line) => line.trim()), terms };
  });
}

/** For a package that only names its licence: the licence's text as another package has it. */
function standard({ name, licence, holders }, donors) {
  const wanted = [...donors.keys()].find((known) => licence.split(/ OR |\//).includes(known));
  const donor = donors.get(wanted);
  if (!donor) throw new Error(`licences: ${name} brings no terms, and ${licence} is not known`);
  if (wanted === "Apache-2.0") return { holders, terms: readFileSync(join(donor.folder, "LICENSE-APACHE"), "utf8").trim() };
  return { holders, terms: filesOf(donor)[0].terms };
}

/** Terms without what tells copies of the same text apart. */
function bare(terms) {
  return terms.toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
}

function unique(list) {
  return [...new Set(list)];
}

const HEAD = `The registration page of Headcount, itself under MIT OR Apache-2.0, holds code of these packages. Each stands here with
its version, its licence, who holds the copyright, and the number of the terms, which follow below.`;
/** Those of the npm packages of which something is in the page: texts, and the twin's and the bundle's own helpers. */
const NPM = ["@fluent/bundle", "binaryen", "esbuild"];
const STANDARD = {
  name: "Rust's standard library, with compiler-builtins, dlmalloc and hashbrown",
  version: "",
  licence: "MIT OR Apache-2.0",
  holders: ["Copyright (c) The Rust Project Contributors", "Copyright (c) Alex Crichton", "Copyright (c) Amanieu d'Antras"],
};
/** Where the text of a licence is taken from. */
const DONORS = [
  ["MIT", "serde"],
  ["CC0-1.0", "bip39"],
  ["Apache-2.0", "serde"],
];
