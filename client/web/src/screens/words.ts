// Still step 1: is this the campaign that everybody else sees? Eight words and numbers to compare with a poster or a
// person. A link proves nothing here, and the page says so.

import { button, buttons } from "../field";
import { h, type Child } from "../elements";
import type { Page } from "../page";
import type { Known } from "../sitting";
import { beforeYouBegin, otherWays } from "./invite";

/** Shows the campaign and its words. */
export function showWords(page: Page, known: Known): void {
  const { campaign } = known;
  const agreed = (): void => {
    page.sitting.compared = true;
    page.next();
  };
  const draw = (): Child[] => {
    const say = page.texts.say.bind(page.texts);
    return [
      h("p", { class: "campaign-text", dir: "auto" }, page.texts.of(campaign.text)),
      page.sitting.way === "recover" ? h("p", {}, say("words-before-recover")) : null,
      page.sitting.invited ? h("p", { class: "done" }, say("invite-read")) : null,
      h("h2", {}, say("words-heading")),
      h("p", {}, say("words-lead")),
      wordList("campaign-words", campaign.words, campaign.numbers),
      h("p", { class: "quiet" }, say(campaign.pinned ? "words-pinned" : "words-not-pinned")),
      buttons(
        button("words-same", say("words-same"), agreed, "main"),
        button("words-differ", say("words-differ"), () => showDiffer(page, known, agreed)),
      ),
      otherWays(page),
      beforeYouBegin(page),
    ];
  };
  page.show({ name: "words", step: 1, title: "words-title", draw });
}

/** Words with their numbers, in the order in which they are read. They are Latin in every language. */
export function wordList(id: string, words: string[], numbers: number[]): HTMLElement {
  const item = (word: string, index: number): HTMLElement =>
    h("li", {}, h("b", {}, word), " ", h("span", { class: "number" }, String(numbers[index])));
  return h("ol", { id, class: "words", dir: "ltr", lang: "en", translate: "no" }, ...words.map(item));
}

/** What it means when the words differ, or cannot be compared. */
function showDiffer(page: Page, known: Known, agreed: () => void): void {
  const draw = (): Child[] => {
    const say = page.texts.say.bind(page.texts);
    return [
      h("h2", {}, say("differ-heading")),
      h("p", {}, say("differ-text")),
      buttons(button("differ-forget", say("forget"), () => page.forget())),
      h("h2", {}, say("nothing-heading")),
      h("p", {}, say("nothing-text")),
      h("p", {}, say(known.campaign.pinned ? "nothing-pinned" : "nothing-not-pinned")),
      buttons(
        button("differ-back", say("back-to-words"), () => showWords(page, known), "main"),
        button("differ-go-on", say("nothing-go-on"), agreed),
      ),
    ];
  };
  page.show({ name: "differ", step: 1, title: "differ-title", draw });
}
