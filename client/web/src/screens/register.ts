// Step 3, before the button: when the pledge is to follow, who learns what, and what one sitting gives away. The button is
// the consent to it; nothing with a secret has left the device so far.

import { button, buttons, choices, type Choice } from "../field";
import { h, type Child } from "../elements";
import { roadOf, whoLearnsWhat } from "../learns";
import type { Page } from "../page";
import { isPlausible, longestDelay, now, tickEnd } from "../schedule";
import type { Known, When } from "../sitting";

/** What can be done now, and why not more. */
interface Possible {
  whens: When[];
  /** Key and values of a sentence. */
  notice: [string, Record<string, string>] | null;
}

/** Shows the last screen before anything is sent. */
export function showRegister(page: Page, known: Known): void {
  const { campaign, state } = known;
  const returning = page.sitting.way === "return";
  const longest = longestDelay(campaign, state, now());
  choosePreset(page, possible(page, known).whens, longest.byTheServersWord);
  const draw = (): Child[] => {
    const say = page.texts.say.bind(page.texts);
    const { whens, notice } = possible(page, known);
    const told = notice ? h("p", { id: "register-notice", class: "notice" }, say(...notice)) : null;
    const place = h("p", { id: "register-place" }, say("place-chosen", { place: page.placeName(page.sitting.place) }));
    const back = button("register-back", say("back"), () => page.back());
    if (whens.length === 0) return [place, told, buttons(back)];
    const learns = h("div", {}, whoLearnsWhat(page, known), consent(page, known));
    const changed = (when: When): void => {
      page.sitting.when = when;
      page.warn(null);
      learns.replaceChildren(whoLearnsWhat(page, known), consent(page, known));
    };
    const list = whens.map((when) => choice(page, when, longest.seconds));
    const servers = longest.byTheServersWord ? h("p", { class: "notice" }, serversWord(page, known)) : null;
    const goOn = (): void => {
      if (page.sitting.when === null) page.warn(say("when-none"));
      else page.next();
    };
    return [
      place,
      told,
      whens.includes("now") ? separation(page) : null,
      servers,
      choices("when", say("when-legend"), list, page.sitting.when, changed),
      learns,
      buttons(button("register-button", say(returning ? "pledge" : "register"), goOn, "main"), back),
    ];
  };
  page.show({ name: "register", step: 3, title: returning ? "pledge-title" : "register-title", draw });
}

/** What the campaign's state and this device's clock allow. */
function possible(page: Page, known: Known): Possible {
  const { campaign, state } = known;
  const { texts, sitting } = page;
  const clock = texts.time(now());
  if (state === "closed") return { whens: [], notice: ["closed", {}] };
  if (sitting.way === "return") {
    if (state === "open" || state === "closing") return { whens: ["random", "now"], notice: null };
    return { whens: [], notice: ["pledges-open-later", { time: texts.time(campaign.pledges_open) }] };
  }
  if (state === "before") return { whens: [], notice: ["opens-later", { time: texts.time(campaign.opens) }] };
  if (sitting.way === "register" && now() >= campaign.issuing_closes) {
    return { whens: [], notice: ["issuing-closed", { time: texts.time(campaign.issuing_closes), clock }] };
  }
  if (state === "collecting")
    return { whens: ["later"], notice: ["only-later", { time: texts.time(campaign.pledges_open) }] };
  const wrong = isPlausible(campaign, now()) ? null : (["clock-wrong", { clock }] as [string, Record<string, string>]);
  return { whens: ["random", "now", "later"], notice: wrong };
}

/** The random moment is the default, unless the server's unsigned word would shorten it: then nothing is. */
function choosePreset(page: Page, whens: When[], byTheServersWord: boolean): void {
  const chosen = page.sitting.when;
  if (chosen !== null && whens.includes(chosen)) return;
  const first = whens[0] ?? null;
  page.sitting.when = first === "random" && byTheServersWord ? null : first;
}

function choice(page: Page, when: When, longest: number): Choice<When> {
  const say = page.texts.say.bind(page.texts);
  const minutes = Math.floor(longest / 60);
  const random = minutes >= 1 ? say("when-random", { minutes }) : say("when-random-seconds", { seconds: longest });
  return { value: when, label: when === "random" ? random : say(`when-${when}`), hint: say(`when-${when}-hint`) };
}

function serversWord(page: Page, known: Known): string {
  return page.texts.say("servers-word", { time: page.texts.soon(tickEnd(known.campaign, now())) });
}

/** One sitting is one address, and how to make it two. */
function separation(page: Page): Child {
  if (page.sitting.way === "return") return h("p", {}, page.texts.say("separation-return"));
  return h(
    "section",
    { class: "note", "aria-labelledby": "separation-heading" },
    h("h2", { id: "separation-heading" }, page.texts.say("separation-heading")),
    h("p", {}, page.texts.say("separation-text")),
    h("p", {}, page.texts.say("separation-how")),
  );
}

/** What the button agrees to. */
function consent(page: Page, known: Known): HTMLElement {
  const say = page.texts.say.bind(page.texts);
  const relays = known.campaign.relays.length > 0 ? `${say("relays-unused")} ` : "";
  return h("p", { id: "consent", class: "consent" }, relays + say("consent", { road: roadOf(page) }));
}
