// What the page decides by itself, without browser, door or server: places found as people type them, delays, times, texts
// that are typed with other digits. Each file is compiled as the page's build compiles it.
//
//     make page-tests

import { build } from "esbuild";
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** A file of the page as a module. */
async function load(name) {
  const entry = fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));
  const made = await build({ entryPoints: [entry], bundle: true, format: "esm", target: "es2022", write: false });
  return import(`data:text/javascript;base64,${Buffer.from(made.outputFiles[0].contents).toString("base64")}`);
}

const places = await load("places");
const schedule = await load("schedule");
const base64 = await load("base64");

const LIST = {
  regions: [
    { name: { en: "Tatarstan Republic", ru: "Республика Татарстан" } },
    { name: { en: "Oryol Oblast", ru: "Орловская область" } },
  ],
  places: [
    { region: 0, name: { en: "Kazan", ru: "Казань", fa: "کازان" }, population: 1_000_000 },
    { region: 1, name: { en: "Oryol", ru: "Орёл" } },
    { region: 0, name: { en: "Naberezhnyye Chelny", ru: "Набережные Челны" }, population: 500_000 },
    { region: 0, name: { en: "Zelenodolsk near Kazan", ru: "Зеленодольск" } },
  ],
};

test("a place is found by any of its names, without regard to case, accents, signs and ё", () => {
  const list = places.readPlaces(new TextEncoder().encode(JSON.stringify(LIST)));
  const search = new places.Search(list);
  const found = (typed) => search.find(typed).map((place) => place.index);
  assert.deepEqual(found("KAZAN"), [0, 3]);
  assert.deepEqual(found("каза"), [0]);
  assert.deepEqual(found("كازان"), [0], "with the Arabic letter");
  assert.deepEqual(found("орел"), [1]);
  assert.deepEqual(found("ОРЁЛ"), [1]);
  assert.deepEqual(found("Öryol"), [1]);
  assert.deepEqual(found("набережные-челны"), [2]);
  assert.deepEqual(found("татарстан"), [0, 2, 3], "by region");
  assert.deepEqual(found("n"), [2, 0, 3], "those that begin so, then the others, the largest first");
  assert.deepEqual(found("  "), []);
  assert.deepEqual(found("nowhere"), []);
});

const CAMPAIGN = { opens: 0, pledges_open: 0, issuing_closes: 100_000, closes: 100_000, tick_seconds: 100 };

test("n1: the server's unsigned word never shortens the delay without saying so", () => {
  const longest = (state, now) => schedule.longestDelay(CAMPAIGN, state, now);
  for (const state of ["before", "collecting", "open", "closed"]) {
    assert.deepEqual(longest(state, 10), { seconds: 600, byTheServersWord: false });
    assert.deepEqual(longest(state, 99_980), { seconds: 10, byTheServersWord: false });
  }
  assert.deepEqual(longest("closing", 20), { seconds: 40, byTheServersWord: true });
  assert.deepEqual(longest("closing", 99_980), { seconds: 10, byTheServersWord: false });
  assert.deepEqual(longest("open", 200_000), { seconds: 600, byTheServersWord: false }, "by a clock that is wrong");
});

test("n1: a random delay takes every value up to the longest, and none beyond", () => {
  const seen = new Set(Array.from({ length: 2000 }, () => schedule.randomDelay(9)));
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  assert.equal(schedule.randomDelay(0), 0);
});

test("the next numbers come at the end of the tick under way, and never before tick 1", () => {
  const campaign = { ...CAMPAIGN, opens: 500, pledges_open: 1000 };
  for (const [now, end] of [
    [600, 1100],
    [1000, 1100],
    [1099, 1100],
    [1100, 1200],
  ]) {
    assert.equal(schedule.tickEnd(campaign, now), end, String(now));
  }
});

test("bytes survive their way through text, however many", () => {
  for (const length of [0, 1, 2, 3, 259, 100_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + 250) & 255);
    const text = base64.toBase64(bytes);
    assert.ok(/^[\w-]*=*$/.test(text) && text.length % 4 === 0);
    assert.deepEqual(base64.fromBase64(text), bytes);
  }
});
