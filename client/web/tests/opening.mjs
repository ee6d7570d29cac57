// How the page's door opens, breaks and is shut: src/door.ts as it is, and the two workers as they are served, each run in a
// context of its own that has what a worker has. Wants PAGE: the folder of the built page.
//
//     make page-tests

import { build } from "esbuild";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const { PAGE } = process.env;
const served = new Map(readdirSync(PAGE).map((name) => [`/join/${name}`, readFileSync(join(PAGE, name))]));
const named = (stem) => [...served.keys()].find((url) => new RegExp(`^/join/${stem}-[0-9a-f]{16}\\.`).test(url));
const [WASM, WORKER, TWIN] = ["door", "worker", "worker-without-wasm"].map(named);

/** What a test does to the workers: the address → the names in its context that are others. */
let spoilt = () => ({});
let workers = [];

/** A worker as browsers have them: messages are copied and come later, and an error that nothing catches is told outside. */
class Worker {
  onmessage = null;
  onerror = null;
  asked = [];
  ended = false;
  #context;

  constructor(url) {
    workers.push(this);
    const names = { TextEncoder, TextDecoder, WebAssembly, fetch: fetched, onmessage: null };
    const postMessage = (data) => this.#later(() => this.onmessage?.({ data: structuredClone(data) }));
    this.#context = vm.createContext({ ...names, postMessage, ...spoilt(url) });
    this.#later(() => this.#inside(() => vm.runInContext(served.get(url).toString(), this.#context)));
  }

  postMessage(data) {
    this.asked.push(data.request.do);
    const copy = structuredClone(data);
    this.#later(() => this.#inside(() => this.#context.onmessage({ data: copy })));
  }

  terminate() {
    this.ended = true;
  }

  #later(work) {
    setImmediate(() => this.ended || work());
  }

  #inside(work) {
    try {
      work();
    } catch (error) {
      this.#later(() => this.onerror?.(error));
    }
  }
}

/** The file that a worker asks for, if it is the one that it was built with. */
async function fetched(url, { integrity }) {
  const digest = createHash("sha384").update(served.get(url)).digest("base64");
  if (integrity !== `sha384-${digest}`) throw new TypeError("another file");
  return new Response(served.get(url));
}

globalThis.Worker = Worker;
const define = { WORKER_URL: JSON.stringify(WORKER), WORKER_WITHOUT_WASM_URL: JSON.stringify(TWIN) };
const entryPoints = [fileURLToPath(new URL("../src/door.ts", import.meta.url))];
const made = await build({ entryPoints, bundle: true, define, format: "esm", target: "es2022", write: false });
const text = Buffer.from(made.outputFiles[0].contents).toString("base64");
const { Door, DoorGone, NoDoor } = await import(`data:text/javascript;base64,${text}`);

/** A door, and what it says of itself. */
function opened(instead = () => ({})) {
  [spoilt, workers] = [instead, []];
  const told = [];
  return { door: new Door((how) => told.push(how)), told };
}

/** A context in which the door's module answers so many requests and then traps. */
function trapping(requests) {
  const instantiate = async (bytes) => {
    const { memory, allocate, release, call } = (await WebAssembly.instantiate(bytes)).instance.exports;
    const counted = (start, length) => {
      if (requests-- <= 0) throw new WebAssembly.RuntimeError("unreachable");
      return call(start, length);
    };
    return { instance: { exports: { memory, allocate, release, call: counted } } };
  };
  return (url) => (url === WORKER ? { WebAssembly: { Module: WebAssembly.Module, instantiate } } : {});
}

const PHRASE = { entropy: `${"A".repeat(22)}==` };

test("the door opens in WebAssembly and answers in the order of its requests", async () => {
  const { door, told } = opened();
  const [phrase, nothing] = await Promise.all([door.ask("phrase", PHRASE), door.ask("pledge", {}).catch((error) => error)]);
  assert.equal(phrase.words.join(" "), `${"abandon ".repeat(11)}about`);
  assert.equal(nothing.kind, "out_of_order");
  assert.deepEqual(told, ["wasm"]);
  assert.equal(workers.length, 1);
  door.shut();
});

const BLOCKED = {
  "is not there": () => ({ WebAssembly: undefined }),
  "is forbidden": () => ({
    WebAssembly: {
      Module: class {
        constructor() {
          throw new WebAssembly.CompileError("blocked by the policy");
        }
      },
    },
  }),
  "is another file": () => ({ fetch: () => fetched(WORKER, { integrity: "sha384-" }) }),
  "is an answer that does not come": () => ({ fetch: async () => Promise.reject(new TypeError("network")) }),
  "has no memory": () => ({
    WebAssembly: { Module: WebAssembly.Module, instantiate: async () => Promise.reject(new RangeError("memory")) },
  }),
  "traps on its first request": trapping(0),
  "traps on its second request": trapping(1),
};
for (const [what, instead] of Object.entries(BLOCKED)) {
  test(`where WebAssembly ${what} the door opens in plain JavaScript, and says so`, async () => {
    const { door, told } = opened((url) => (url === WORKER ? instead(url) : {}));
    assert.equal(await door.open(), "javascript");
    assert.equal((await door.ask("phrase", PHRASE)).numbers.at(-1), 4);
    assert.deepEqual(told, ["javascript"]);
    assert.deepEqual(workers.map((worker) => worker.ended), [true, false], "the first worker is ended");
    door.shut();
  });
}

test("a door that breaks is never asked again, says so, and opens anew in plain JavaScript, knowing nothing", async () => {
  const { door, told } = opened(trapping(3)); // two to try it, and the phrase
  await door.ask("phrase", PHRASE);
  const both = [door.ask("qr", { text: "x" }), door.ask("qr", { text: "y" })];
  for (const answer of both) await assert.rejects(answer, DoorGone);
  assert.deepEqual(told, ["wasm", "gone"]);
  await assert.rejects(door.ask("qr", { text: "x" }), DoorGone);
  assert.deepEqual(workers.map((worker) => worker.ended), [true]);
  assert.equal(await door.open(), "javascript");
  assert.deepEqual(told, ["wasm", "gone", "javascript"]);
  await assert.rejects(door.ask("prepare", { place: 0 }), { kind: "out_of_order" });
  door.shut();
});

test("where nothing starts the door says so, and can be tried again", async () => {
  let broken = true;
  const { door, told } = opened(() => (broken ? { TextEncoder: undefined } : {}));
  await assert.rejects(door.open(), NoDoor);
  await assert.rejects(door.ask("phrase", PHRASE), DoorGone);
  assert.ok(workers.every((worker) => worker.ended));
  broken = false;
  assert.equal(await door.open(), "wasm");
  assert.deepEqual(told, ["none", "wasm"]);
  door.shut();
});

test("a door that is shut forgets, is ended, and answers nothing any more", async () => {
  const { door, told } = opened();
  await door.ask("phrase", PHRASE);
  door.shut();
  await assert.rejects(door.ask("pledge", {}), DoorGone);
  await assert.rejects(door.open(), DoorGone);
  assert.equal(workers[0].asked.at(-1), "forget");
  while (!workers[0].ended) await new Promise(setImmediate);
  assert.deepEqual(told, ["wasm"]);
});

test("a door that is shut while it opens never opens", async () => {
  const { door, told } = opened();
  const asked = door.ask("phrase", PHRASE);
  door.shut();
  await assert.rejects(asked);
  assert.ok(workers.length > 0 && workers.every((worker) => worker.ended));
  assert.deepEqual(told, []);
});
