// The quick exit: what is to be seen at once, and what the history of the tab holds afterwards.

import { withBrowser } from "./browser.mjs";
import { at, choose, open } from "./flow.mjs";
import { album } from "./pictures.mjs";
import { history } from "./traces.mjs";

/**
 * {url, link, place, called, pictures, by: "press"|"keys"} → {blank, away, referer, history, length, back}
 * The place that it leads to is played by the driver; what is left of the page is read in the very moment of leaving.
 */
export function leave(wanted) {
  return withBrowser({ browser: "chromium" }, async (browser) => {
    const take = album(wanted.pictures);
    const tab = await browser.tab({ width: 390, height: 844 });
    const asked = Promise.withResolvers();
    const elsewhere = (address) => address.host !== new URL(wanted.url).host;
    await tab.context.route(elsewhere, async (route) => {
      asked.resolve({ url: route.request().url(), referer: await route.request().headerValue("referer") });
      await route.fulfill({ contentType: "text/html", body: "<!doctype html><title>elsewhere</title>" });
    });
    await open(tab, wanted.link);
    await choose(tab, wanted);
    await at(tab, "register");
    const length = await tab.look(() => history.length);
    await take(tab, `exit-${wanted.by}`);
    if (wanted.by === "keys") for (let turn = 0; turn < 2; turn += 1) await tab.page.keyboard.press("Escape");
    const blank = await tab.page.evaluate((by) => {
      if (by === "keys") dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
      else document.getElementById("exit").click();
      return { text: document.body.innerText, elements: document.body.children.length };
    }, wanted.by);
    const away = await asked.promise;
    await tab.page.waitForURL(elsewhere);
    const entries = await history(tab);
    await tab.page.goBack({ timeout: 5_000 }).catch(() => null);
    const back = { href: await tab.look(() => location.href), text: await tab.look(() => document.body.innerText) };
    return { blank, away, history: entries, length, back };
  });
}
