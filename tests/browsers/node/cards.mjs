// Sheets of cards as Chromium prints them, and the screen for a room as a person drives it. Both are opened from a file,
// with a road before the browser that notes whatever it would ask for.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { withBrowser } from "./browser.mjs";
import { album } from "./pictures.mjs";
import { ofPages, withRoad } from "./proxy.mjs";

/** Opens a file in a tab behind a road, and gives what went wrong and what was asked for besides what work gives. */
function opened(wanted, options, work) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const tab = await browser.tab({ ...options, proxy: road.port });
      const asked = [];
      tab.page.on("request", (request) => {
        if (!request.url().startsWith("data:")) asked.push(request.url());
      });
      tab.page.on("dialog", (dialog) => dialog.accept()); // leaving with codes left
      const file = pathToFileURL(wanted.file).href;
      const told = await work(tab, file);
      const others = [...asked.filter((url) => url !== file), ...ofPages(road).map(({ host }) => host)];
      return { ...told, asked: others, grievances: await tab.grievances() };
    }),
  );
}

/** The sheets as a PDF: {file, pdf, name, pictures}. Lengths are in millimetres of paper. */
export function printed(wanted) {
  return opened(wanted, {}, async (tab, file) => {
    const take = album(wanted.pictures);
    await tab.go(file);
    await take(tab, `cards-${wanted.name}`);
    await tab.page.emulateMedia({ media: "print" });
    const facts = await tab.look(() => {
      const all = (selector) => [...document.querySelectorAll(selector)];
      const millimetres = (pixels) => (pixels * 25.4) / 96;
      const spills = (element) =>
        element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1;
      const font = (element) => (parseFloat(getComputedStyle(element).fontSize) * 72) / 96;
      return {
        cards: all(".card").length,
        sheets: all(".sheet").length,
        sides: all(".qr").map((code) => millimetres(code.getBoundingClientRect().width)),
        modules: Math.max(0, ...all(".qr").map((code) => code.viewBox.baseVal.width)),
        ink: [...new Set(all(".qr path").map((path) => getComputedStyle(path).stroke))],
        spilled: all(".sheet, .card, .said, .code, .card > .words, .address").filter(spills).map(({ className }) => className),
        least: Math.min(...all(".card p, .card li, .card h2").map(font)),
      };
    });
    await tab.page.pdf({ path: wanted.pdf, preferCSSPageSize: true });
    return { facts };
  });
}

const onward = [
  (page) => page.keyboard.press("Space"),
  (page) => page.keyboard.press("Enter"),
  (page) => page.keyboard.press("ArrowRight"),
  (page) => page.keyboard.press("PageDown"),
  (page) => page.click("#stage"),
  (page) => page.click("footer .next"),
];

/** What the screen shows now, and whether anything of the codes before is still to be found in the document. */
async function look(tab, before) {
  const now = await tab.look((gone) => {
    const stack = document.getElementById("stack").innerHTML;
    const whole = document.documentElement.outerHTML + stack;
    return {
      state: document.body.dataset.state,
      left: document.getElementById("left").textContent,
      remain: document.getElementById("stack").content.childElementCount,
      drawing: document.querySelector("#stage path")?.getAttribute("d") ?? null,
      again: gone.filter((drawing) => whole.includes(drawing)).length,
      wide: document.documentElement.scrollWidth - innerWidth,
    };
  }, before);
  return now;
}

/**
 * The screen, onward by every way there is, until nothing is left: {file, folder, name, pictures, reload}. It is reloaded
 * behind so many codes. Every code shown becomes a picture NUMBER.png in the folder.
 */
export function shown(wanted) {
  return opened(wanted, wanted.size ?? {}, async (tab, file) => {
    mkdirSync(wanted.folder, { recursive: true });
    const take = album(wanted.pictures);
    await tab.go(file);
    await tab.page.context().setOffline(true);
    await take(tab, `screen-${wanted.name}-start`, { fullPage: false });
    const [seen, gone] = [[], []];
    const begin = { ...(await look(tab, gone)), drawing: undefined };
    let reloaded = null;
    for (let step = 0; step < 1000; step += 1) {
      await onward[step % onward.length](tab.page);
      const now = await look(tab, gone);
      if (now.state !== "show") break;
      await tab.picture(join(wanted.folder, `${String(seen.length).padStart(3, "0")}.png`), { fullPage: false });
      if (seen.length === 1) await take(tab, `screen-${wanted.name}`, { fullPage: false });
      gone.push(now.drawing);
      seen.push({ ...now, drawing: undefined });
      if (seen.length === wanted.reload) {
        await tab.page.reload();
        reloaded = { ...(await look(tab, gone)), drawing: undefined };
      }
    }
    await take(tab, `screen-${wanted.name}-over`, { fullPage: false });
    const over = await look(tab, gone);
    await tab.page.keyboard.press("Space");
    await tab.page.keyboard.press("ArrowLeft");
    return { begin, seen, reloaded, over, after: await look(tab, gone) };
  });
}

/** The same by the clock, which here is one that the test moves: how many are left after so many seconds each. */
export function timed(wanted) {
  return opened(wanted, {}, async (tab, file) => {
    await tab.page.clock.install({ time: 0 });
    await tab.go(file);
    await tab.page.clock.pauseAt(3_600_000);
    const left = async () => (await look(tab, [])).remain;
    const told = { begin: await left() };
    await tab.page.keyboard.press("Space");
    await tab.page.clock.runFor(100_000);
    told.without = await left();
    await tab.page.selectOption("#timer", "10");
    await tab.page.clock.runFor(9_900);
    told.early = await left();
    await tab.page.clock.runFor(200);
    told.once = await left();
    await tab.page.keyboard.press("PageDown"); // begins to count anew
    await tab.page.clock.runFor(9_900);
    told.pressed = await left();
    await tab.page.clock.runFor(200);
    told.twice = await left();
    await tab.page.selectOption("#timer", "0");
    await tab.page.clock.runFor(100_000);
    told.off = await left();
    await tab.page.keyboard.down("ArrowRight");
    for (let held = 0; held < 5; held += 1) await tab.page.keyboard.down("ArrowRight"); // as a key that is held down
    await tab.page.keyboard.up("ArrowRight");
    told.held = await left();
    await tab.page.dblclick("#stage");
    told.doubled = await left();
    await tab.page.keyboard.press("Control+ArrowRight");
    await tab.page.keyboard.press("a");
    told.others = await left();
    return { told };
  });
}
