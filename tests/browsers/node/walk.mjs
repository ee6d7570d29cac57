// Every state of the page, in one language: shown in light and dark, on a phone and on a wide screen, looked at by axe-core
// and taken into the album; and at 320 pixels, where nothing may stand out sideways.

import { overflow, violations } from "./axe.mjs";
import { withBrowser } from "./browser.mjs";
import { agree, at, choose, comeBack, forget, goOn, JOIN, keepWords, load } from "./flow.mjs";
import { album } from "./pictures.mjs";
import { withRoad } from "./proxy.mjs";

const LOOKS = [
  { width: 390, dark: false, picture: true },
  { width: 390, dark: true, picture: false },
  { width: 1280, dark: false, picture: false },
  { width: 1280, dark: true, picture: true },
];

/** {url, links: 3, place, called, language, pictures} → {found: {STATE: [violation]}, wide: {STATE: …}, states, grievances} */
export function states(wanted) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const tab = await browser.tab({ width: 390, height: 844, proxy: road.port });
      const told = { states: [], found: {}, wide: {}, seen: {} };
      const seen = looker(tab, wanted, told);
      await registered(tab, road, wanted, seen);
      await mistaken(tab, road, wanted, seen);
      await later(tab, wanted, seen);
      await broken(tab, road, wanted, seen);
      return { ...told, grievances: await tab.grievances() };
    }),
  );
}

/** Looks at a state once. */
function looker(tab, { language, pictures }, told) {
  const take = album(pictures);
  return async (state) => {
    if (told.states.includes(state)) return;
    told.states.push(state);
    for (const { width, dark, picture } of LOOKS) {
      await tab.resize(width);
      await tab.dress(dark);
      const found = await violations(tab, dark); // dark comes after light
      if (found.length > 0) told.found[`${state} ${width} ${dark ? "dark" : "light"}`] = found;
      if (picture) await take(tab, `join-${state}-${language}-${dark ? "dark" : "light"}-${width}`);
    }
    await tab.resize(320);
    await tab.dress(false);
    await take(tab, `join-${state}-${language}-light-320`);
    const out = await overflow(tab);
    if (out.pixels > 0) told.wide[state] = out;
    told.seen[state] = await tab.look(() => [document.documentElement.lang, document.documentElement.dir]);
    await tab.resize(390);
  };
}

/** The whole way, with what can be looked at beside it. */
async function registered(tab, road, wanted, seen) {
  road.faults.push({ path: "/campaign", kind: "delay", ms: 4_000 });
  await load(tab, wanted.links[0], wanted.language);
  await at(tab, "start");
  await seen("start");
  await at(tab, "words");
  await seen("words");
  await tab.press("#words-differ");
  await at(tab, "differ");
  await seen("differ");
  await tab.press("#differ-back");
  await at(tab, "words");
  await tab.press("#words-same");
  await choose(tab, wanted, seen);
  await agree(tab, "random", seen);
  await at(tab, "phrase");
  road.faults.push({ path: "/token-request", kind: "delay", ms: 6_000 });
  await keepWords(tab, seen);
  await at(tab, "progress");
  await seen("progress");
  await tab.until(() => document.getElementById("progress-waiting")?.hidden === false, null, 30_000);
  await seen("waiting");
  await tab.press("#pledge-now");
  await at(tab, "counted");
  await seen("counted");
  await forget(tab);
  await seen("forgotten");
}

/** What is said of mistakes. */
async function mistaken(tab, road, wanted, seen) {
  await load(tab, `${wanted.url}${JOIN}`, wanted.language);
  await at(tab, "invite");
  await seen("invite");
  await tab.write("#invite-code", "AAAA-BBBB-CCCC");
  await tab.press("#invite-go-on");
  await tab.until(() => document.getElementById("invite-code-error")?.hidden === false, null, 10_000);
  await seen("invite-wrong");
  road.faults.push({ path: "/campaign", kind: "drop" });
  await load(tab, `${wanted.url}${JOIN}`, wanted.language);
  await at(tab, "lost");
  await seen("lost");
}

/** Two sittings. */
async function later(tab, wanted, seen) {
  await load(tab, wanted.links[1], wanted.language);
  await at(tab, "words");
  await tab.press("#words-same");
  await choose(tab, wanted);
  await agree(tab, "later", seen);
  const phrase = await keepWords(tab);
  await at(tab, "kept");
  await seen("kept");
  const token = await tab.look(() => document.getElementById("token").value);
  await comeBack(tab, { ...wanted, token, phrase }, seen);
  await at(tab, "register");
  await seen("pledge");
}

/** Something broke off: a refusal, and the way back with the words. */
async function broken(tab, road, wanted, seen) {
  await load(tab, wanted.links[0], wanted.language); // used above, with other words
  await at(tab, "words");
  await tab.press("#words-same");
  await choose(tab, wanted);
  await agree(tab, "now");
  const phrase = await keepWords(tab);
  await tab.until(() => document.getElementById("failure")?.hidden === false, null, 30_000);
  await seen("refused");
  await load(tab, wanted.links[2], wanted.language);
  await goOn(tab, { ...wanted, phrase }, seen);
}
