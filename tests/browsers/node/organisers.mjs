// The organisers' page: the way in, the numbers, the export, refusals, the way out; with script and without; and what
// axe-core says of every page. Nothing is judged here.

import { readFileSync } from "node:fs";
import { overflow, violations } from "./axe.mjs";
import { withBrowser } from "./browser.mjs";
import { album } from "./pictures.mjs";
import { strangers, withRoad } from "./proxy.mjs";

const PAGES = ["/", "/invites", "/revoke/2", "/announce", "/actions", "/close"];

const at = ({ url }, language, page) => `${url}/organiser/${language}${page}`;

const text = (tab) => tab.look(() => document.body.innerText);

/** Presses what sends a form or leads on, and waits for the page behind it. */
async function press(tab, selector) {
  const [answer] = await Promise.all([
    tab.page.waitForResponse((response) => response.request().isNavigationRequest() && response.status() !== 303),
    tab.press(selector),
  ]);
  await tab.page.waitForLoadState("load");
  return answer.status();
}

async function signIn(tab, wanted, language) {
  await tab.go(at(wanted, language, "/"));
  await tab.write("#token", wanted.token);
  await press(tab, "main button");
}

/** What anybody finds on the page of numbers. */
const facts = (tab) =>
  tab.look(() => {
    const text = (selector) => document.querySelector(selector)?.textContent ?? null;
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.getClientRects().length > 0).length;
    return {
      count: text("#count"),
      machine: text("#machine"),
      outlook: text("#outlook")?.trim(),
      curves: seen("svg.curve"),
      maps: seen("#map svg.wide, #map svg.narrow, #map img"),
      ticks: document.querySelectorAll("#growth tbody tr").length,
    };
  });

/** {url, token, script, pictures} → what was seen on one whole visit */
export function visited(wanted) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const take = album(wanted.pictures);
      const tab = await browser.tab({ script: wanted.script, proxy: road.port });
      const told = {};
      await tab.go(at(wanted, "en", "/"));
      await tab.write("#token", `${wanted.token}x`);
      told.wrong = { status: await press(tab, "main button"), alert: await tab.look(() => document.querySelector("[role=alert]")?.textContent) };
      await signIn(tab, wanted, "en");
      const cookies = await tab.context.cookies(at(wanted, "en", "/"));
      told.cookie = cookies[0];
      told.facts = await facts(tab);
      await take(tab, `organisers-numbers-${wanted.script ? "script" : "without-script"}`);
      await press(tab, '#places a[href*="sort=place"]');
      told.sorted = await tab.look(() => [...document.querySelectorAll("#places tbody td:first-child")].slice(0, 2).map((cell) => cell.textContent));
      const [download] = await Promise.all([tab.page.waitForEvent("download"), tab.press('a[href$="/counts.csv"]')]);
      told.csv = readFileSync(await download.path(), "utf8");
      await tab.go(at(wanted, "en", "/announce"));
      await tab.write("#note", "headcount/v1/announcement\n\n— forged x\n");
      await press(tab, "main button");
      told.forged = await text(tab);
      await take(tab, "organisers-refused");
      await tab.go(at(wanted, "en", "/close"));
      await tab.write("#words", "close it");
      await press(tab, "main button");
      told.unclosed = await text(tab);
      await tab.go(at(wanted, "en", "/revoke/2"));
      await press(tab, "main button");
      told.revoked = await text(tab);
      await press(tab, ".out button");
      told.out = (await tab.page.locator("#token").count()) === 1;
      await tab.page.goBack();
      told.back = !/tram stops/.test(await text(tab));
      return { ...told, strangers: strangers(road) };
    }),
  );
}

/** axe-core on every page, in light and dark, on a phone and a wide screen, and what stands out at 320 pixels. */
export function looked(wanted) {
  return withBrowser({ browser: "chromium" }, async (browser) => {
    const take = album(wanted.pictures);
    const told = { found: {}, wide: {}, grievances: {} };
    for (const language of wanted.languages) {
      const tab = await browser.tab();
      const see = async (name) => {
        for (const width of [390, 1280]) {
          await tab.resize(width);
          for (const dark of [false, true]) {
            await tab.dress(dark);
            const called = `${name}-${language}-${dark ? "dark" : "light"}-${width}`;
            const found = await violations(tab, dark); // dark comes after light
            if (found.length > 0) told.found[called] = found;
            if (!dark || name === "numbers") await take(tab, `organisers-${called}`);
          }
        }
        await tab.resize(320);
        const out = await overflow(tab);
        if (out.pixels > 0) told.wide[`${name} ${language}`] = out;
      };
      await tab.go(at(wanted, language, "/"));
      await see("sign-in");
      await signIn(tab, wanted, language);
      for (const page of PAGES) {
        await tab.go(at(wanted, language, page));
        await see(page === "/" ? "numbers" : page.split("/")[1]);
      }
      told.grievances[language] = await tab.grievances();
      await tab.close();
    }
    return told;
  });
}
