// What is mistyped, used, foreign or closed: what the page then says, and what it had sent by then.

import { withBrowser } from "./browser.mjs";
import { at, choose, JOIN, open, register } from "./flow.mjs";
import { album } from "./pictures.mjs";
import { ofPages, withRoad } from "./proxy.mjs";

/** Text of an element, or null where it is not to be seen. */
function text(tab, id) {
  return tab.look((name) => {
    const element = document.getElementById(name);
    return element && !element.hidden ? element.innerText : null;
  }, id);
}

async function sitting(wanted, work) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const take = album(wanted.pictures);
      const answers = {};
      for (const [name, one] of Object.entries(wanted.cases)) {
        road.requests.length = 0;
        const tab = await browser.tab({ width: 390, height: 844, proxy: road.port });
        answers[name] = { ...(await work(tab, one, road)), requests: ofPages(road) };
        await take(tab, `mistakes-${name}`);
        answers[name].grievances = await tab.grievances();
        await tab.close();
      }
      return answers;
    }),
  );
}

/** {url, pictures, cases: {NAME: code}}: each code typed from paper → {NAME: {error, selected, screen, requests}} */
export function typed(wanted) {
  return sitting(wanted, async (tab, code) => {
    await tab.go(`${wanted.url}${JOIN}`);
    await at(tab, "invite");
    await tab.write("#invite-code", code);
    await tab.press("#invite-go-on");
    await tab.until(() => {
      const error = document.getElementById("invite-code-error");
      return document.getElementById("main")?.dataset.screen !== "invite" || (error && !error.hidden);
    }, null, 10_000);
    const selected = await tab.look(() => {
      const field = document.getElementById("invite-code");
      return field ? field.value.slice(field.selectionStart, field.selectionEnd) : null;
    });
    const screen = await tab.look(() => document.getElementById("main")?.dataset.screen);
    return { error: await text(tab, "invite-code-error"), selected, screen };
  });
}

/** {url, pictures, cases: {NAME: link}}: each link opened → {NAME: {said, screen, href, requests}} */
export function opened(wanted) {
  return sitting(wanted, tell);
}

/** The same on a copy of the page at an address that is not the campaign's: its own port, and another name. */
export function copied(wanted) {
  return sitting(wanted, (tab, link, road) => {
    const copy = `http://localhost:${road.port}`;
    return tell(tab, link.replace(wanted.url, copy));
  });
}

async function tell(tab, link) {
  await tab.go(link);
  await tab.until(() => !["start", undefined].includes(document.getElementById("main")?.dataset.screen), null, 20_000);
  const screen = await tab.look(() => document.getElementById("main")?.dataset.screen);
  const said = [await text(tab, "alert"), await text(tab, "failure")].filter(Boolean).join(" ");
  const href = await tab.look(() => location.href);
  return { said, screen, href };
}

/** {url, pictures, place, called, cases: {NAME: link}}: each gone through until it is refused → {NAME: {said, ways, requests}} */
export function refused(wanted) {
  return sitting(wanted, async (tab, link) => {
    await register(tab, { ...wanted, link });
    await tab.until(() => document.getElementById("failure")?.hidden === false, null, 30_000);
    const ways = await tab.look(() => [...document.querySelectorAll("#main .buttons button")].map(({ id }) => id));
    return { said: await text(tab, "failure"), ways };
  });
}

/** {url, pictures, place, called, cases: {NAME: link}}: each gone through to the last screen before the button → {NAME: {notice, button, requests}} */
export function closed(wanted) {
  return sitting(wanted, async (tab, link) => {
    await open(tab, link);
    await choose(tab, wanted);
    await at(tab, "register");
    const button = await tab.look(() => document.getElementById("register-button") !== null);
    return { notice: await text(tab, "register-notice"), button };
  });
}
