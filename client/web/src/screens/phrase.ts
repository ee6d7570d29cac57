// The twelve words: shown before the first request leaves, because after it only they can finish what broke off; and asked
// for, together with a kept token, in a later sitting.

import { toBase64 } from "../base64";
import { Mistake, type Phrase } from "../door";
import { h, type Child } from "../elements";
import { explain } from "../explain";
import { asciiDigits, button, buttons, field, type Field } from "../field";
import type { Page } from "../page";
import { wordList } from "./words";

/** Makes the phrase if there is none yet, and shows it. */
export async function showPhrase(page: Page): Promise<void> {
  const phrase = (page.sitting.phrase ??= await freshPhrase(page));
  const draw = (): Child[] => {
    const say = page.texts.say.bind(page.texts);
    return [
      h("p", {}, h("strong", {}, say("phrase-sentence"))),
      h("p", {}, say("phrase-how")),
      wordList("phrase-words", phrase.words, phrase.numbers),
      buttons(
        button("phrase-have", say("phrase-have"), () => page.next(), "main"),
        button("phrase-skip", say("phrase-skip"), () => page.next()),
        button("phrase-back", say("back"), () => page.back(), "link"),
      ),
    ];
  };
  page.show({ name: "phrase", step: 3, title: "phrase-title", draw });
}

async function freshPhrase(page: Page): Promise<Phrase> {
  const entropy = crypto.getRandomValues(new Uint8Array(16));
  try {
    return await page.door.ask("phrase", { entropy: toBase64(entropy) });
  } finally {
    entropy.fill(0);
  }
}

/** After an accident: the phrase of the first time. */
export function showRecover(page: Page): void {
  const draft = { phrase: "" };
  let phrase: Field;
  const goOn = (): void => void page.act(async () => await knowPhrase(page, phrase, draft.phrase, () => page.next()));
  const draw = (): Child[] => {
    phrase = phraseField(page, draft);
    return [
      h("p", {}, page.texts.say("recover-lead")),
      phrase.element,
      buttons(
        button("recover-go-on", page.texts.say("go-on"), goOn, "main"),
        button("recover-back", page.texts.say("back"), () => page.back()),
      ),
    ];
  };
  page.show({ name: "recover", step: 1, title: "recover-title", draw });
}

/** A later sitting: the kept token and the phrase. The token itself pins the campaign, so there is nothing to compare. */
export function showReturn(page: Page): void {
  const draft = { phrase: "", token: "" };
  let phrase: Field;
  let token: Field;
  const goOn = (): void =>
    void page.act(async () => {
      token.wrong(null);
      await knowPhrase(page, phrase, draft.phrase, async () => {
        try {
          const { place } = await page.door.ask("token", { text: draft.token.replace(/\s+/g, "") });
          page.sitting.place = place;
          page.sitting.token = draft.token.replace(/\s+/g, "");
          page.next();
        } catch (error) {
          if (!(error instanceof Mistake)) throw error;
          token.wrong(explain(page.texts, error));
        }
      });
    });
  const draw = (): Child[] => {
    const say = page.texts.say.bind(page.texts);
    token = field({
      id: "token-text",
      label: say("token-label"),
      hint: say("token-hint"),
      rows: 5,
      latin: true,
      value: draft.token,
      changed: (value) => (draft.token = value),
    });
    phrase = phraseField(page, draft);
    return [
      h("p", {}, say("return-lead")),
      token.element,
      phrase.element,
      buttons(
        button("return-go-on", say("go-on"), goOn, "main"),
        button("return-back", say("back"), () => page.back()),
      ),
    ];
  };
  page.show({ name: "return", step: null, title: "return-title", draw });
}

function phraseField(page: Page, draft: { phrase: string }): Field {
  return field({
    id: "phrase-text",
    label: page.texts.say("phrase-label"),
    hint: page.texts.say("phrase-hint"),
    rows: 3,
    latin: true,
    value: draft.phrase,
    changed: (value) => (draft.phrase = value),
  });
}

/** Gives the phrase to the door; what is wrong with it is told at its field. */
async function knowPhrase(page: Page, input: Field, typed: string, then: () => void | Promise<void>): Promise<void> {
  input.wrong(null);
  try {
    page.sitting.phrase = await page.door.ask("recover", { text: asciiDigits(typed) });
  } catch (error) {
    if (!(error instanceof Mistake) || !error.kind.startsWith("phrase_")) throw error;
    input.wrong(explain(page.texts, error));
    return;
  }
  await then();
}
