// The overview: without script, with it, and where neither script nor SVG is; what it shows, what it asks for, and what
// axe-core says. Every function gets {url, language, pictures} and gives facts.

import { overflow, violations } from "./axe.mjs";
import { withBrowser } from "./browser.mjs";
import { album, compare, tones } from "./pictures.mjs";
import { ofPages, strangers, withRoad } from "./proxy.mjs";

/** How finely pictures of the map are compared. */
const COLUMNS = 24;
const ROWS = 12;

/** What anybody finds on the page, whatever the browser. */
function facts(tab) {
  return tab.look(() => {
    const text = (selector) => document.querySelector(selector)?.textContent ?? null;
    const { max, value } = document.getElementById("progress");
    const seen = (element) => element.getClientRects().length > 0;
    const drawings = [...document.querySelectorAll("#map svg.wide, #map svg.narrow")];
    return {
      title: document.title,
      heading: text("h1"),
      count: text("#count"),
      progress: { max, value },
      places: document.querySelectorAll("#list li").length,
      regions: document.querySelectorAll("#list details").length,
      drawings: drawings.filter(seen).map((drawing) => ({
        label: drawing.getAttribute("aria-label"),
        width: drawing.getBoundingClientRect().width,
        circles: drawing.querySelectorAll("circle, path, use").length,
        names: [...drawing.querySelectorAll("text")].map((name) => name.textContent),
      })),
      view: [...document.querySelectorAll(".view")].filter(seen).map(({ id }) => id),
      views: [...new Set([...document.querySelectorAll(".views a")].map((link) => link.getAttribute("href")))],
      direction: document.documentElement.dir,
      language: document.documentElement.lang,
    };
  });
}

/** What pages asked for; the icon comes when a browser likes. */
const paths = (road) => ofPages(road).map(({ path }) => path).filter((path) => path !== "/favicon.ico");

const page = ({ url, language }) => `${url}/${language}/`;

/** Without script. */
export function plain(wanted) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const take = album(wanted.pictures);
      const tab = await browser.tab({ script: false, proxy: road.port });
      await tab.go(page(wanted));
      const told = { facts: await facts(tab), picture: await picture(tab), text: await tab.look(() => document.body.innerText) };
      await take(tab, `overview-without-script-${wanted.language}`);
      return { ...told, requests: paths(road), strangers: strangers(road) };
    }),
  );
}

/** The picture of the map, if one is to be seen. */
function picture(tab) {
  return tab.look(() => {
    const picture = [...document.images].find((image) => image.getClientRects().length > 0);
    if (!picture) return null;
    const { x, y, width, height } = picture.getBoundingClientRect();
    return { x: x + scrollX, y: y + scrollY, width, height, alt: picture.alt, natural: picture.naturalWidth };
  });
}

/** The parts of the map by their addresses: what each shows, and what is asked for. */
export function viewed(wanted) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const take = album(wanted.pictures);
      const tab = await browser.tab({ proxy: road.port });
      await tab.go(page(wanted));
      const told = { facts: await facts(tab), loading: paths(road), views: {} };
      const loaded = paths(road).length;
      for (const view of told.facts.views) {
        await tab.page.click(`.views a[href="${view}"] >> visible=true`);
        const { view: shown, drawings } = await facts(tab);
        told.views[view] = { shown, drawings };
        await take(tab, `overview-${view.slice(1)}`);
      }
      return { ...told, asked: paths(road).slice(loaded), strangers: strangers(road), grievances: await tab.grievances() };
    }),
  );
}

/** With script: what a search shows, and that nobody hears of it. {…, search: {TYPED: …}} → {found: {TYPED: [place]}, …} */
export function searched(wanted) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const take = album(wanted.pictures);
      const tab = await browser.tab({ width: 390, height: 844, proxy: road.port });
      await tab.go(page(wanted));
      const loaded = paths(road).length;
      const found = {};
      const shown = () =>
        tab.look(() => {
          const seen = (element) => element.checkVisibility();
          const places = [...document.querySelectorAll("#list li")].filter(seen);
          return { places: places.map((row) => row.querySelector("span").textContent), told: document.getElementById("found").textContent };
        });
      for (const typed of wanted.search) {
        await tab.write("#search", typed);
        found[typed] = await shown();
        if (found[typed].places.length > 0) await take(tab, "overview-search");
      }
      await tab.write("#search", "");
      const cleared = await tab.look(() => [...document.querySelectorAll("#list details")].filter((region) => region.hidden).length);
      const kept = await tab.look(() => [document.cookie, localStorage.length, sessionStorage.length]);
      return {
        found,
        cleared,
        kept,
        asked: paths(road).slice(loaded),
        strangers: strangers(road),
        grievances: await tab.grievances(),
      };
    }),
  );
}

/** Firefox with the preferences of the level "Safest": no script, no SVG; the map has to be a picture. */
export function safest(wanted) {
  return withRoad(wanted.url, async (road) => {
    const drawn = await withBrowser({ browser: "chromium" }, async (browser) => {
      const tab = await browser.tab();
      await tab.go(page(wanted));
      return tones(await tab.page.locator("svg.wide >> visible=true").screenshot(), COLUMNS, ROWS);
    });
    return withBrowser({ browser: "firefox", level: "safest", proxy: road.port }, async (browser) => {
      const take = album(wanted.pictures);
      const told = { widths: {} };
      for (const width of [390, 1280]) {
        const tab = await browser.tab({ width });
        await tab.go(page(wanted));
        const box = await picture(tab);
        const bytes = await take(tab, `overview-safest-${width}`);
        const shown = box && tones(Buffer.from(bytes), COLUMNS, ROWS, box);
        told.widths[width] = { box, ...(shown && compare(shown, drawn)) };
        told.facts = await facts(tab);
        told.text = await tab.look(() => document.body.innerText);
        told.names = await tab.look(() => [...document.querySelectorAll("svg text, svg title")].map((name) => name.textContent));
        await tab.close();
      }
      const join = await browser.tab({ width: 390 });
      await join.go(`${wanted.url}/join`);
      told.join = await join.look(() => document.body.innerText);
      await take(join, "join-safest");
      return { ...told, requests: paths(road), strangers: strangers(road) };
    });
  });
}

/** axe-core in light and dark, on a phone and a wide screen, and what stands out at 320 pixels. {…, languages} */
export function looked(wanted) {
  return withBrowser({ browser: "chromium" }, async (browser) => {
    const take = album(wanted.pictures);
    const told = { found: {}, wide: {}, grievances: {} };
    for (const language of wanted.languages) {
      const tab = await browser.tab();
      await tab.go(page({ ...wanted, language }));
      for (const width of [390, 1280]) {
        await tab.resize(width);
        for (const dark of [false, true]) {
          await tab.dress(dark);
          const name = `${language}-${dark ? "dark" : "light"}-${width}`;
          const found = await violations(tab, dark); // dark comes after light
          if (found.length > 0) told.found[name] = found;
          await take(tab, `overview-${name}`);
        }
      }
      await tab.resize(320);
      const out = await overflow(tab);
      if (out.pixels > 0) told.wide[language] = out;
      told.grievances[language] = await tab.grievances();
      await tab.close();
    }
    return told;
  });
}
