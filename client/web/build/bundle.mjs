// From sources to the files of the page: each named by its content, each known to whoever loads it by its digest.

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The files of the page by name. `door` has the module's bytes and the path of its twin, `terms` the licences of what is
 * not ours, `name` names this build. */
export async function bundle(folder, door, terms, name) {
  const files = new Map();
  const add = (stem, kind, bytes) => {
    const path = `${stem}-${digest("sha256", bytes, "hex").slice(0, 16)}.${kind}`;
    files.set(path, bytes);
    return { url: `/join/${path}`, integrity: `sha384-${digest("sha384", bytes, "base64")}` };
  };
  const script = async (entry, format, words, alias = {}) => {
    const define = Object.fromEntries(Object.entries(words).map(([word, value]) => [word, JSON.stringify(value)]));
    return made({ ...OPTIONS, entryPoints: [join(folder, entry)], format, define, alias });
  };
  const wasm = add("door", "wasm", door.wasm);
  const worker = add(
    "worker",
    "js",
    await script("src/worker/wasm.ts", "iife", { WASM_URL: wasm.url, WASM_INTEGRITY: wasm.integrity }),
  );
  const twin = { "door-without-wasm": door.twin };
  const without = add("worker-without-wasm", "js", await script("src/worker/without-wasm.ts", "iife", {}, twin));
  const words = { WORKER_URL: worker.url, WORKER_WITHOUT_WASM_URL: without.url, BUILD: name };
  const app = add("app", "js", await script("src/app.ts", "esm", words));
  const style = add("style", "css", await made({ ...OPTIONS, entryPoints: [join(folder, "style.css")] }));
  const icon = add("favicon", "svg", readFileSync(join(folder, "favicon.svg")));
  const licences = add("licences", "txt", terms);
  const page = replaced(readFileSync(join(folder, "index.html"), "utf8"), [
    ['src="app.js"', `src="${app.url}" integrity="${app.integrity}"`],
    ['href="style.css"', `href="${style.url}" integrity="${style.integrity}"`],
    ['href="favicon.svg"', `href="${icon.url}"`],
    ['href="licences.txt"', `href="${licences.url}"`],
  ]);
  files.set("index.html", Buffer.from(page));
  return files;
}

async function made(options) {
  const result = await build(options);
  return Buffer.from(result.outputFiles[0].contents);
}

function replaced(text, pairs) {
  for (const [wanted, instead] of pairs) {
    if (text.split(wanted).length !== 2) throw new Error(`index.html must hold ${wanted} once`);
    text = text.replace(wanted, () => instead);
  }
  return text;
}

function digest(algorithm, bytes, encoding) {
  return createHash(algorithm).update(bytes).digest(encoding);
}

const OPTIONS = {
  bundle: true,
  charset: "utf8",
  legalComments: "none",
  loader: { ".ftl": "text" },
  logLevel: "warning",
  minify: true,
  target: "es2022",
  write: false,
};
