// Registrations to their end, in every browser and level; and what was sent, kept and computed on the way.

import { withBrowser } from "./browser.mjs";
import { agree, at, choose, forget, JOIN, keepWords, open, register as goThrough } from "./flow.mjs";
import { album } from "./pictures.mjs";
import { ofPages, strangers, withRoad } from "./proxy.mjs";
import { pieces, TURN } from "./slow.mjs";
import { history, kept, watchConnections, whereabouts } from "./traces.mjs";

/**
 * One registration, with a proxy that notes all requests. {browser, level, url, issuer?, link, place, called, pictures},
 * `issuer` being where the issuer is if that is another name → {phrase, how, arrived, plain, ended, kept, requests, button, strangers, grievances, computing, forgotten}
 */
export function register(wanted) {
  const work = (road) =>
    withBrowser({ ...wanted, proxy: road.port }, async (browser) => {
      const take = album(wanted.pictures);
      const name = `registered-${browser.name.replace(" ", "-")}${wanted.issuer ? "-two-names" : ""}`;
      // the same page without anything secret, to compare with
      const other = await browser.tab({ proxy: road.port });
      await other.go(`${wanted.url}${JOIN}`);
      await at(other, "invite");
      const plain = await whereabouts(other);
      await other.close();
      road.requests.length = 0;

      const tab = await browser.tab({ width: 390, height: 844, proxy: road.port });
      let button = null;
      const notes = {};
      const phrase = await goThrough(tab, wanted, async (screen) => {
        if (screen === "words") notes.arrived = await whereabouts(tab);
        if (screen === "phrase") button = ofPages(road).length;
        await take(tab, `${name}-${screen}`);
      });
      await at(tab, "counted", 60_000);
      await take(tab, `${name}-counted`);
      const how = await tab.look(() => document.getElementById("how").dataset.key);
      const computing = await tab.computing();
      const forgotten = await forget(tab);
      return {
        phrase,
        how,
        ...notes,
        plain,
        ended: await whereabouts(tab),
        kept: await kept(tab),
        requests: ofPages(road),
        button,
        strangers: strangers(road),
        grievances: await tab.grievances(),
        computing,
        forgotten,
      };
    });
  return withRoad(wanted.url, work, wanted.issuer ? [wanted.issuer] : []);
}

/** One registration on the browser's own connections. {link, place, called} → {phrase, connections, history} */
export function connections(wanted) {
  return withBrowser({ browser: "chromium" }, async (browser) => {
    const tab = await browser.tab();
    const seen = await watchConnections(tab);
    await open(tab, wanted.link);
    await choose(tab, wanted);
    await agree(tab, "now");
    const phrase = await keepWords(tab);
    await at(tab, "counted", 60_000);
    return { phrase, connections: seen, history: await history(tab) };
  });
}

/**
 * From the words to the token while Chromium is so many times slower, in a fresh window for each link.
 * {links, times, place, called} → for each {plain, slowed, pause, computing}: pieces of one work without and with pauses,
 * how long a pause is, and the calls
 */
export function blinded(wanted) {
  return withBrowser({ browser: "chromium" }, async (browser) => {
    const told = [];
    for (const link of wanted.links) {
      const tab = await browser.tab();
      await open(tab, link);
      await choose(tab, wanted);
      await agree(tab, "later");
      await at(tab, "phrase");
      const plain = await pieces(tab, 1_000);
      const slowed = await browser.slowly(wanted.times, async () => {
        const slowed = await pieces(tab, 2_000);
        await keepWords(tab);
        await at(tab, "kept", 60_000);
        return slowed;
      });
      told.push({ plain, slowed, pause: TURN * (wanted.times - 1), computing: await tab.computing() });
      await tab.close();
    }
    return told;
  });
}
