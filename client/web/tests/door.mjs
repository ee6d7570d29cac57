// The door as it was built, in WebAssembly and as its twin: both do what the published vectors say, byte for byte alike, and
// after `forget` nothing of a participation is left in their memory. Wants PAGE_BUILD: where the build keeps its parts.
//
//     make page-tests

import { build } from "esbuild";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { secrets, windows } from "./door/secrets.mjs";

const { PAGE_BUILD, REPOSITORY } = process.env;
const read = (name) => readFileSync(join(PAGE_BUILD, name));
const vectors = JSON.parse(readFileSync(join(REPOSITORY, "protocol/tests/vectors/headcount-v1.json"), "utf8"));
const vector = Object.fromEntries(vectors.members.map(({ name, value }) => [name, value]));
const base64 = (bytes) => Buffer.from(bytes).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
const hex = (name) => Buffer.from(vector[name], "hex");

const { ask } = await load(fileURLToPath(new URL("../src/worker/answering.ts", import.meta.url)));
const TWIN = await compiled(join(PAGE_BUILD, "door-without-wasm.js"));

/** A file of the page, or of its build, as the text of a module. */
async function compiled(entry) {
  const made = await build({ entryPoints: [entry], bundle: true, format: "esm", target: "es2022", write: false });
  return Buffer.from(made.outputFiles[0].contents);
}

async function load(entry) {
  return import(`data:text/javascript;base64,${(await compiled(entry)).toString("base64")}`);
}

/** New doors, which hold nothing. */
const DOORS = {
  async wasm() {
    return (await WebAssembly.instantiate(read("door.wasm"))).instance.exports;
  },
  async twin() {
    const anew = Buffer.concat([TWIN, Buffer.from(`//${Math.random()}`)]); // a module is run once for each text
    return import(`data:text/javascript;base64,${anew.toString("base64")}`);
  },
};

const ORIGIN = "https://origin.example:8443";
const CAMPAIGN = {
  do: "campaign",
  genesis: base64(Buffer.from(vector.genesis)),
  places: base64(Buffer.from(vector.places_json)),
  origin: ORIGIN,
};
const DIRECTORY = {
  "issuer-request-uri": "/token-request",
  "token-keys": [{ "token-type": 2, "token-key": vector.token_key }],
};
const TOKEN = base64(hex("token"));

/** One participation, request by request, and some of what its answers must hold: by the vectors. */
const PARTICIPATION = [
  [{ do: "link", text: vector.invite_link.split("/join")[1] }, { campaign_id: vector.campaign_id }],
  [CAMPAIGN, { id: vector.campaign_id, words: vector.campaign_words, numbers: vector.campaign_numbers, pinned: true }],
  [{ do: "phrase", entropy: base64(hex("phrase_seed")) }, { words: vector.phrase_words.split(" ") }],
  [{ do: "recover", text: vector.phrase_numbers }, { numbers: vector.phrase_numbers.split(" ").map(Number) }],
  [
    { do: "prepare", place: vector.place },
    { authorization: `Bearer ${vector.invite_code}`, body: base64(hex("token_request")) },
  ],
  [{ do: "directory", body: base64(JSON.stringify(DIRECTORY)) }, {}],
  [{ do: "response", body: base64(hex("token_response")) }, { token: TOKEN, place: vector.place }],
  [{ do: "pledge" }, { authorization: `PrivateToken token="${TOKEN}"`, body: base64(hex("pledge")) }],
  [{ do: "receipt", body: base64(hex("receipt")) }, {}],
  [{ do: "qr", text: TOKEN }, {}],
  [{ do: "token", text: TOKEN }, { place: vector.place }],
];

for (const [name, open] of Object.entries(DOORS)) {
  test(`${name}: a participation gives what the vectors say`, async () => {
    const door = await open();
    for (const [request, wanted] of PARTICIPATION) {
      const answer = ask(door, request);
      assert.ok(answer.ok, `${request.do}: ${JSON.stringify(answer)}`);
      for (const [member, value] of Object.entries(wanted)) assert.deepEqual(answer.ok[member], value, member);
    }
  });

  test(`${name}: after forgetting, no secret of the participation is left in its memory`, async () => {
    const door = await open();
    door.release(door.allocate(1), 1);
    const bytes = door.memory.buffer.byteLength;
    const all = secrets(vector);
    const seen = new Set();
    const watched = {
      memory: door.memory,
      allocate: door.allocate,
      release: door.release,
      call(start, length) {
        const answer = door.call(start, length);
        const memory = used(door);
        for (const [secret, forms] of all) if (forms.some((form) => memory.includes(form))) seen.add(secret);
        return answer;
      },
    };
    for (const [request] of PARTICIPATION) assert.ok(ask(watched, request).ok);
    const unseen = [...all.keys()].filter((secret) => !seen.has(secret));
    assert.deepEqual(unseen, ["blinding factor"], "all but this one, which is erased within its call, can be found");
    assert.deepEqual(ask(door, { do: "forget" }), { ok: {} });
    const memory = used(door);
    const left = [...all].filter(([, forms]) => forms.some((form) => windows(form).some((part) => memory.includes(part))));
    assert.deepEqual(left.map(([secret]) => secret), []);
    assert.equal(door.memory.buffer.byteLength, bytes, "it did not grow, so nothing was copied");
  });

  test(`${name}: the largest campaign that the page reads fits into the memory of the start`, async () => {
    const door = await open();
    assert.ok(ask(door, { do: "forget" }).ok);
    const bytes = door.memory.buffer.byteLength;
    const { regions, places: some } = JSON.parse(readFileSync(join(REPOSITORY, RUSSIA), "utf8"));
    const many = Array.from({ length: PLACES_MAX }, (_, index) => some[index % some.length]);
    many[0] = { ...many[0], name: { en: "P".repeat(LIST_BYTES_MAX - JSON.stringify({ regions, places: many }).length) } };
    const places = Buffer.from(JSON.stringify({ regions, places: many }));
    const digest = createHash("sha256").update(places).digest();
    const genesis = JSON.stringify({ ...JSON.parse(vector.genesis), places_sha256: base64(digest) });
    const answer = ask(door, { ...CAMPAIGN, genesis: base64(Buffer.from(genesis)), places: base64(places) });
    assert.ok(answer.ok, JSON.stringify(answer));
    assert.equal(door.memory.buffer.byteLength, bytes);
  });
}

test("both doors give the same bytes for the same requests, whatever they are", async () => {
  const [wasm, twin] = [await DOORS.wasm(), await DOORS.twin()];
  const problem = base64('{"type":"urn:headcount:problem:invite-used"}');
  const requests = [
    ...PARTICIPATION.map(([request]) => request),
    { do: "prepare", place: vector.redrawn_place },
    { do: "phrase", entropy: base64(hex("redrawn_phrase_seed")) },
    { do: "prepare", place: vector.redrawn_place },
    { do: "prepare", place: 1_000_000 },
    { do: "response", body: base64(hex("token_response")) },
    { do: "problem", status: 409, media_type: "application/problem+json", body: problem },
    { do: "problem", status: 502, media_type: "text/html", body: "" },
    { do: "link", text: vector.invite_code.replace("0", "U") },
    { do: "link", text: vector.invite_code.toLowerCase() },
    { do: "recover", text: "artist half" },
    { do: "campaign", genesis: base64("{}"), places: base64("{}"), origin: "null" },
    { do: "nothing" },
    { do: "forget" },
    { do: "pledge" },
  ].map((request) => Buffer.from(JSON.stringify(request)));
  for (const request of [...requests, ...requests.flatMap(spoilt)]) {
    const [one, other] = [answerTo(wasm, request), answerTo(twin, request)];
    assert.ok(one.equals(other), `${request.subarray(0, 80)}: ${one} and ${other}`);
    assert.match(one.toString(), /^\{"(ok|mistake)":\{.*\}\}$/s);
  }
});

/** The answer to bytes of any kind, as bytes. */
function answerTo(door, request) {
  const start = door.allocate(request.length);
  new Uint8Array(door.memory.buffer, start, request.length).set(request);
  const answer = door.call(start, request.length);
  door.release(start, request.length);
  const length = new DataView(door.memory.buffer).getUint32(answer, true);
  const bytes = Buffer.from(new Uint8Array(door.memory.buffer, answer + 4, length));
  door.release(answer, 4 + length);
  return bytes;
}

/** A request cut off, and with a byte changed. */
function spoilt(request) {
  const at = (request.length * 7) >> 3;
  const changed = Buffer.from(request);
  changed[at] ^= 1;
  return [request.subarray(0, at), changed];
}

/** All of a door's memory that is not zero, with its neighbourhood. */
function used(door) {
  const memory = Buffer.from(door.memory.buffer);
  const parts = [];
  for (let start = 0; start < memory.length; start += PAGE) {
    if (!memory.subarray(start, start + PAGE).equals(ZEROS)) parts.push(memory.subarray(start, start + PAGE));
    else if (parts.at(-1) !== ZEROS) parts.push(ZEROS);
  }
  return Buffer.concat(parts);
}

/** Places with long names; how many a campaign may have, and how much of them the page reads. */
const RUSSIA = "server/campaigns/russia-2021/places.json";
const PLACES_MAX = 20_000;
const LIST_BYTES_MAX = 4 * 1024 * 1024;
const PAGE = 4096;
const ZEROS = Buffer.alloc(PAGE);
