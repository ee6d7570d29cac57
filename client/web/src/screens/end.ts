// The ends: the token to keep for a later sitting, the pledge counted, and nothing left. Calm, and no way to share.

import { h, svg, type Child } from "../elements";
import { button, buttons } from "../field";
import type { Page } from "../page";
import { isPlausible, now, tickEnd } from "../schedule";
import type { Known } from "../sitting";
import { wordList } from "./words";

/** The pledge is counted. */
export function showCounted(page: Page, known: Known): void {
  const { campaign } = known;
  const draw = (): Child[] => {
    const { texts } = page;
    const say = texts.say.bind(texts);
    const seconds = now();
    const next = isPlausible(campaign, seconds) ? texts.soon(tickEnd(campaign, seconds)) : null;
    return [
      h("p", { id: "counted-place" }, say("place-chosen", { place: page.placeName(page.sitting.place) })),
      h("h2", {}, say("counted-when-heading")),
      h("p", { id: "counted-when" }, next ? say("counted-when", { time: next }) : say("counted-when-unknown")),
      h("p", {}, say("counted-groups", { k: campaign.k, closes: texts.time(campaign.closes) })),
      h("h2", {}, say("counted-now-heading")),
      h("p", {}, say("counted-now")),
      h("p", {}, say("counted-phrase")),
      buttons(button("forget", say("forget"), () => page.forget(), "main")),
    ];
  };
  page.show({ name: "counted", step: null, title: "counted-title", draw });
}

/** The token and the phrase, to be kept apart from each other until later. */
export async function showKept(page: Page, known: Known): Promise<void> {
  const token = page.sitting.token ?? "";
  const picture = await page.door.ask("qr", { text: token }).catch(() => null); // the text alone will do
  const draw = (): Child[] => {
    const { texts } = page;
    const say = texts.say.bind(texts);
    const text = h("textarea", {
      id: "token",
      class: "latin",
      rows: 7,
      readonly: true,
      dir: "ltr",
      spellcheck: "false",
      autocomplete: "off",
      "aria-labelledby": "token-heading",
    });
    text.value = token;
    const copied = h("p", { id: "token-copied", role: "status", class: "quiet" });
    const copy = (): void =>
      void copyText(text).then((done) => (copied.textContent = say(done ? "copied" : "not-copied")));
    const phrase = page.sitting.phrase;
    const opens = known.state === "collecting";
    return [
      h("p", {}, h("strong", {}, say("kept-sentence"))),
      h("p", {}, opens ? say("kept-from", { time: texts.time(known.campaign.pledges_open) }) : say("kept-any-time")),
      h("p", {}, say("kept-until", { time: texts.time(known.campaign.closes) })),
      h("h2", { id: "token-heading" }, say("kept-token")),
      text,
      buttons(button("token-copy", say("copy"), copy)),
      copied,
      h("p", { class: "quiet" }, say("copy-hint")),
      picture ? qr(picture, say("kept-qr")) : null,
      phrase ? h("h2", {}, say("kept-phrase")) : null,
      phrase ? wordList("kept-words", phrase.words, phrase.numbers) : null,
      h("h2", {}, say("kept-how-heading")),
      h("p", {}, say("kept-how", { address: `${location.origin}/join` })),
      buttons(button("forget", say("forget-kept"), () => page.forget(), "main")),
    ];
  };
  page.show({ name: "kept", step: null, title: "kept-title", draw });
}

/** Nothing is left here. Said in a document that holds nothing else. */
export function nothingLeft(page: Page): void {
  const text = h("h1", { id: "forgotten", tabindex: -1 }, page.texts.say("forgotten"));
  document.body.replaceChildren(h("main", { class: "alone" }, text));
  text.focus();
}

/** A QR code as one path, black on white in the dark too, with the quiet zone that readers need. */
function qr({ size, modules }: { size: number; modules: string }, label: string): SVGElement {
  let path = "";
  for (let at = 0; at < modules.length; at++) {
    if (modules[at] === "1") path += `M${(at % size) + 4} ${Math.floor(at / size) + 4}h1v1h-1z`;
  }
  const whole = size + 8;
  return svg(
    "svg",
    {
      id: "token-qr",
      class: "qr",
      viewBox: `0 0 ${whole} ${whole}`,
      role: "img",
      "aria-label": label,
      "shape-rendering": "crispEdges",
    },
    svg("path", { fill: "#fff", d: `M0 0h${whole}v${whole}H0z` }),
    svg("path", { fill: "#000", d: path }),
  );
}

/** Puts a text into the clipboard; where that is not allowed, selects it. */
async function copyText(text: HTMLTextAreaElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text.value);
    return true;
  } catch {
    text.select();
    return false;
  }
}
