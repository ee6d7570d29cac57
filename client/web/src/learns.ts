// Beside the button: who learns what. Every cell must be true for what somebody is about to do; SECURITY.md is the measure.

import { h, type Child } from "./elements";
import type { Page } from "./page";
import type { Known } from "./sitting";

/** Those who could learn something, from the nearest to the farthest. */
const WHO = ["network", "server", "organisers", "everybody", "seizure"] as const;

/** How a participation reaches the server: what its cells depend on. */
export type Road = "sitting" | "sitting-onion" | "later" | "later-onion" | "return" | "return-onion";

/** The road of this participation. */
export function roadOf(page: Page): Road {
  const { way, when } = page.sitting;
  const kind = way === "return" ? "return" : when === "later" ? "later" : "sitting";
  return location.hostname.endsWith(".onion") ? `${kind}-onion` : kind;
}

/** The table, and what must be said openly beside it. */
export function whoLearnsWhat(page: Page, known: Known): HTMLElement {
  const say = page.texts.say.bind(page.texts);
  const road = roadOf(page);
  const values = { k: known.campaign.k, host: location.host, road };
  const cell = (kind: "learns" | "not", text: string): HTMLElement =>
    h(
      "td",
      { role: "cell", class: kind },
      h("span", { class: "label", "aria-hidden": "true" }, say(`column-${kind}`)),
      text,
    );
  const row = (who: string): HTMLElement =>
    h(
      "tr",
      { role: "row" },
      h("th", { role: "rowheader", scope: "row" }, say(`learns-${who}`)),
      cell("learns", say(`learns-${who}-does`, values)),
      cell("not", say(`learns-${who}-not`, values)),
    );
  const head = ["who", "learns", "not"].map((key) =>
    h("th", { role: "columnheader", scope: "col" }, say(`column-${key}`)),
  );
  return h(
    "section",
    { id: "learns", "aria-labelledby": "learns-heading" },
    h("h2", { id: "learns-heading" }, say("learns-heading")),
    h(
      "table",
      { role: "table", class: "who", "aria-labelledby": "learns-heading" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
      h("tbody", { role: "rowgroup" }, ...WHO.map(row)),
    ),
    openly(page, known),
  );
}

function openly(page: Page, known: Known): Child {
  const { k } = known.campaign;
  const keys = ["copy", "email", "phrase", "waiting", "served", "device"];
  const items = keys.map((key) => h("li", {}, page.texts.say(`openly-${key}`, { k, less: k - 1 })));
  return h("section", {}, h("h3", {}, page.texts.say("openly-heading")), h("ul", { class: "openly" }, ...items));
}
