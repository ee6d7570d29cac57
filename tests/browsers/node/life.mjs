// The screens of a campaign's life that no other driver passes: asking for an invite by e-mail, and the site that stays.

import { withBrowser } from "./browser.mjs";
import { at, JOIN } from "./flow.mjs";
import { album } from "./pictures.mjs";
import { strangers, withRoad } from "./proxy.mjs";

/** Asks for an invite by e-mail. {url, address, pictures} */
export function ask(wanted) {
  return looked(wanted, async (tab, take) => {
    await tab.go(`${wanted.url}${JOIN}`);
    await at(tab, "invite");
    await tab.until(() => document.getElementById("email-address") !== null, null, 20_000);
    await take(tab, "life-by-email");
    await tab.write("#email-address", wanted.address);
    await tab.press("#email-ask");
    await tab.until(() => document.getElementById("email-asked") !== null, null, 20_000);
    await take(tab, "life-by-email-asked");
  });
}

/** What a file server shows of a campaign that is over. {url, pictures} → {text} */
export function stays(wanted) {
  return looked(wanted, async (tab, take) => {
    await tab.go(`${wanted.url}/`);
    await take(tab, "life-site");
    return { text: await tab.look(() => document.body.innerText) };
  });
}

function looked(wanted, work) {
  return withRoad(wanted.url, (road) =>
    withBrowser({ browser: "chromium", proxy: road.port }, async (browser) => {
      const tab = await browser.tab({ width: 390, height: 844, proxy: road.port });
      const told = await work(tab, album(wanted.pictures));
      return { ...told, strangers: strangers(road), grievances: await tab.grievances() };
    }),
  );
}
