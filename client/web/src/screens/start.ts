// Before there is anything to show: reading, and what to do when it fails.

import { h, type Child } from "../elements";
import { explain } from "../explain";
import { button, buttons } from "../field";
import type { Page } from "../page";

/** While campaign and computing part load. */
export function showStart(page: Page): void {
  const draw = (): Child[] => [
    h("p", { role: "status" }, page.texts.say("loading")),
    h("p", { class: "quiet" }, page.texts.say("loading-slow")),
  ];
  page.show({ name: "start", step: null, title: "start-title", draw });
}

/** The page cannot begin. */
export function showLost(page: Page, failure: unknown, again: () => void): void {
  const draw = (): Child[] => [
    h("p", { id: "failure", class: "alert", role: "alert" }, explain(page.texts, failure)),
    buttons(button("try-again", page.texts.say("try-again"), again, "main")),
  ];
  page.show({ name: "lost", step: null, title: "lost-title", draw });
}
