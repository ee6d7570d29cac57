// Registrations in which something breaks once: an answer that is lost, late or asked for twice, a tab that dies. Whoever
// sits there does what the page offers until the pledge is counted; how often it then counts, the log tells.

import { withBrowser } from "./browser.mjs";
import { agree, at, choose, keepWords, recover } from "./flow.mjs";
import { ofPages, withRoad } from "./proxy.mjs";

/** Cases at the same time: more than there are cores, because most of the time they wait for what was broken. */
const AT_ONCE = 4;

/**
 * {url, place, called, cases: [{link, fault, impatient?}]} → for each {phrase, happened, requests, grievances}.
 * A fault's path may end in `*`; `impatient` makes the page give up on an answer sooner. It ends when no answer is due.
 */
export function broken(wanted) {
  return withBrowser({ browser: "chromium" }, (browser) =>
    each(wanted.cases, (one) =>
      withRoad(wanted.url, async (road) => {
        const tab = await browser.tab({ width: 390, proxy: road.port });
        if (one.impatient) await tab.page.addInitScript(giveUpSoon);
        road.faults.push(one.fault);
        const phrase = await persist(tab, { ...wanted, ...one });
        if (one.impatient) await waitFor(() => road.requests.every(({ status }) => status !== null));
        const told = { phrase, happened: road.faults.length === 0, requests: ofPages(road) };
        await tab.close();
        return told;
      }),
    ),
  );
}

/**
 * The tab dies in the middle, and the phrase finishes it in another. {url, place, called, cases: [{link, dies}]}, where
 * `dies` is "token" or "pledge", the request whose answer the tab does not live to see, or "waiting" between the two.
 */
export function died(wanted) {
  return withBrowser({ browser: "chromium" }, (browser) =>
    each(wanted.cases, (one) => withRoad(wanted.url, (road) => die(browser, road, { ...wanted, ...one }))),
  );
}

async function die(browser, road, wanted) {
  const paths = { token: "/token-request", pledge: "/pledges" };
  const path = paths[wanted.dies];
  if (path) road.faults.push({ path, kind: "hold" });
  const tab = await browser.tab({ width: 390, proxy: road.port });
  const phrase = await start(tab, wanted, path ? "now" : "random");
  if (path) await waitFor(() => road.requests.some((request) => request.path === path && request.status !== null));
  else await tab.until(() => !document.getElementById("progress-waiting")?.hidden, null, 20_000);
  const before = road.requests.map(({ method, path, status }) => ({ method, path, status }));
  let next = tab;
  if (wanted.dies === "waiting") {
    await tab.page.reload(); // the link comes back as it would be pasted: into the address bar of the open page
    await at(tab, "invite");
  } else {
    await tab.close();
    next = await browser.tab({ width: 390, proxy: road.port });
  }
  await recover(next, { ...wanted, phrase });
  await at(next, "counted", 60_000);
  const told = { phrase, before, requests: ofPages(road), grievances: await next.grievances() };
  await next.close();
  return told;
}

/** As `register`, by somebody who does not give up. */
async function persist(tab, wanted) {
  const phrase = await start(tab, wanted, "now");
  for (;;) {
    await tab.until(() => {
      const ended = document.getElementById("main")?.dataset.screen === "counted";
      return ended || document.getElementById("try-again") !== null;
    }, null, 60_000);
    if (await tab.look(() => document.getElementById("main").dataset.screen === "counted")) return phrase;
    await tab.press("#try-again");
  }
}

/** To the words, loading the page anew where it does not come. */
async function start(tab, wanted, when) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // a link opens nothing in a page that is there; Chromium's own page about a failure may still be on its way, and
      // then ends this attempt
      if (attempt > 1) await tab.go("about:blank");
      await tab.go(wanted.link);
      await tab.until(() => ["words", "lost"].includes(document.getElementById("main")?.dataset.screen), null, 8_000);
      break;
    } catch (error) {
      if (attempt === 8) throw error;
    }
  }
  while (await tab.look(() => document.getElementById("main").dataset.screen === "lost")) {
    await tab.press("#try-again");
    await tab.until(() => document.getElementById("main").dataset.screen !== "start", null, 20_000);
  }
  await at(tab, "words");
  await tab.press("#words-same");
  await choose(tab, wanted);
  await agree(tab, when);
  return await keepWords(tab);
}

/** Runs in the page before its scripts: the minute and a half that it waits for an answer becomes a second and a half. */
function giveUpSoon() {
  const later = window.setTimeout;
  window.setTimeout = (work, milliseconds) => later(work, milliseconds === 90_000 ? 1_500 : milliseconds);
}

/** Works on all, some at once, and keeps their order. */
async function each(all, work) {
  const answers = [];
  let next = 0;
  const one = async () => {
    while (next < all.length) {
      const mine = next++;
      answers[mine] = await work(all[mine]).catch((error) => {
        throw new Error(`case ${JSON.stringify({ ...all[mine], link: undefined })}`, { cause: error });
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return answers;
}

async function waitFor(done) {
  for (let turn = 0; turn < 400; turn += 1) {
    if (done()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it does not come");
}
