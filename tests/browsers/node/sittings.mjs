// Two sittings: the token first, the pledge another time, and what is offered before pledges open; and the random moment.

import { withBrowser } from "./browser.mjs";
import { agree, at, choose, comeBack, forget, keepWords, open, register, words } from "./flow.mjs";
import { album } from "./pictures.mjs";
import { ofPages, withRoad } from "./proxy.mjs";

const TALL = { width: 390, height: 844 };

/** The first sitting. {url, link, place, called, pictures, name} → {token, phrase, shown, choices, requests, square, forgotten} */
export function first(wanted) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const take = album(wanted.pictures);
      const tab = await browser.tab({ ...TALL, proxy: road.port });
      await open(tab, wanted.link);
      await choose(tab, wanted);
      await at(tab, "register");
      const choices = await tab.look(() => [...document.querySelectorAll("input[name=when]")].map(({ value }) => value));
      const notice = await tab.look(() => document.getElementById("register-notice")?.innerText ?? null);
      await agree(tab, "later", () => take(tab, `${wanted.name}-register`));
      const phrase = await keepWords(tab);
      await at(tab, "kept");
      await take(tab, `${wanted.name}-kept`);
      const token = await tab.look(() => document.getElementById("token").value);
      const square = await tab.look(() => {
        const box = document.getElementById("token-qr").viewBox.baseVal;
        return { size: box.width, path: document.querySelector("#token-qr path:last-child").getAttribute("d") };
      });
      const shown = await words(tab, "kept-words");
      const forgotten = await forget(tab);
      return { token, phrase, shown, choices, notice, square, requests: ofPages(road), forgotten };
    }),
  );
}

/** The second. {url, token, phrase, pictures, name} → {choices, notice, requests, forgotten, grievances}; without pledge where none is offered. */
export function second(wanted) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const take = album(wanted.pictures);
      const tab = await browser.tab({ ...TALL, proxy: road.port });
      await comeBack(tab, wanted, (screen) => take(tab, `${wanted.name}-${screen}`));
      await at(tab, "register");
      await take(tab, `${wanted.name}-register`);
      const choices = await tab.look(() => [...document.querySelectorAll("input[name=when]")].map(({ value }) => value));
      const notice = await tab.look(() => document.getElementById("register-notice")?.innerText ?? null);
      const told = { choices, notice };
      if (choices.includes("now")) {
        await agree(tab, "now");
        await at(tab, "counted");
        await take(tab, `${wanted.name}-counted`);
        told.forgotten = await forget(tab);
      }
      return { ...told, requests: ofPages(road), grievances: await tab.grievances() };
    }),
  );
}

/**
 * The random moment: the clock of the page is wound on, minute by minute, until the pledge goes.
 * {url, link, place, called, pictures} → {phrase, minutes, early, requests}, `early` being the paths before the winding
 */
export function random(wanted) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const take = album(wanted.pictures);
      const tab = await browser.tab({ ...TALL, proxy: road.port });
      await tab.page.clock.install();
      const phrase = await register(tab, { ...wanted, when: "random" });
      await tab.until(() => document.getElementById("progress-waiting")?.hidden === false, null, 20_000);
      await take(tab, "waiting");
      const early = road.requests.map(({ path }) => path);
      let minutes = 0;
      const counted = () => tab.look(() => document.getElementById("main").dataset.screen === "counted");
      while (minutes < 12 && !(await counted())) {
        await tab.page.clock.runFor(60_000);
        minutes += 1;
        if (road.requests.some(({ path }) => path === "/pledges")) await at(tab, "counted");
      }
      return { phrase, minutes, early, requests: ofPages(road), grievances: await tab.grievances() };
    }),
  );
}
