// The form for an invite by e-mail, where no link brought one.

import { violations } from "./axe.mjs";
import { withBrowser } from "./browser.mjs";
import { at, JOIN, load } from "./flow.mjs";
import { album } from "./pictures.mjs";
import { ofPages, withRoad } from "./proxy.mjs";

const shown = (id) => {
  const element = document.getElementById(id);
  return element !== null && !element.hidden && element.innerText.trim() !== "";
};
const section = (index) => document.querySelectorAll("#by-email p")[index]?.innerText ?? "";

function sitting({ url, language, pictures }, work) {
  return withRoad(url, (road) =>
    withBrowser({ browser: "chromium" }, async (browser) => {
      const tab = await browser.tab({ width: 390, height: 844, proxy: road.port });
      await load(tab, `${url}${JOIN}`, language);
      await at(tab, "invite");
      return { ...(await work(tab, album(pictures), road)), requests: ofPages(road), grievances: (await tab.grievances()).filter(unforeseen) };
    }),
  );
}

/** A browser notes each refusal that it gets as an error of the network. */
const unforeseen = (grievance) => !/400 \(Bad Request\)/.test(grievance);

/** {url, language, pictures} → {lead, learns, wrong, asked, field, found, requests, grievances} */
export function asked(wanted) {
  return sitting(wanted, async (tab, take) => {
    await tab.until(shown, "by-email", 10_000);
    const [lead, learns] = [await tab.look(section, 0), await tab.look(section, 1)];
    const found = await violations(tab, false);
    await take(tab, `email-form-${wanted.language}`);
    await tab.write("#email-address", "ann@example.com");
    await tab.press("#email-ask");
    await tab.until(shown, "email-address-error", 10_000);
    const wrong = await tab.look(() => document.getElementById("email-address-error").innerText);
    await take(tab, `email-wrong-${wanted.language}`);
    await tab.write("#email-address", "ann@example.org");
    await tab.press("#email-ask");
    await tab.until(shown, "email-asked", 10_000);
    const said = await tab.look(() => document.getElementById("email-asked").innerText);
    found.push(...(await violations(tab, false)));
    await take(tab, `email-asked-${wanted.language}`);
    const field = await tab.look(() => document.getElementById("email-address") !== null);
    return { lead, learns, wrong, asked: said, field, found };
  });
}

/** {url, language, pictures} → {field, requests, grievances}, where the campaign has e-mail off. */
export function absent(wanted) {
  return sitting(wanted, async (tab, _, road) => {
    await tab.until(() => true, null, 1_000);
    const answered = () => road.requests.some(({ path, status }) => path === "/invite-by-email" && status !== null);
    for (let turn = 0; turn < 100 && !answered(); turn++) await new Promise((resolve) => setTimeout(resolve, 50));
    const field = await tab.look(() => document.getElementById("email-address") !== null);
    return { field };
  });
}
