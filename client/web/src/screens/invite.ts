// Step 1: the invite, read from the link or typed from paper; and the two other ways in, after an accident and with a kept
// token. Nothing is sent from here but, where somebody asks for an invite by e-mail, the address.

import { asciiDigits, button, buttons, field, type Field } from "../field";
import { Mistake } from "../door";
import { h, type Child } from "../elements";
import { apart } from "../fragment";
import { explain } from "../explain";
import type { Page } from "../page";
import { EmailForm } from "./email";
import type { Way } from "../sitting";

/** Asks for the invite. `failure` is what was wrong with the link that brought somebody here. */
export function showInvite(page: Page, enter: (text: string) => Promise<void>, failure: unknown = null): void {
  const draft = { code: "" };
  const byEmail = page.sitting.way === "recover" ? null : new EmailForm(page);
  let code: Field;
  const goOn = (): void =>
    void page.act(async () => {
      code.wrong(null);
      try {
        await enter(apart(asciiDigits(draft.code)).link);
      } catch (error) {
        if (!isOfLink(error)) throw error;
        code.wrong(explain(page.texts, error));
        selectGroup(code, error);
      }
    });
  const draw = (): Child[] => {
    const say = page.texts.say.bind(page.texts);
    code = field({
      id: "invite-code",
      label: say("invite-label"),
      hint: say("invite-hint"),
      latin: true,
      value: draft.code,
      changed: (value) => (draft.code = value),
    });
    code.input.addEventListener("keydown", (event) => (event as KeyboardEvent).key === "Enter" && goOn());
    return [
      page.sitting.way === "recover" ? h("p", {}, say("invite-again")) : h("p", {}, say("invite-lead")),
      code.element,
      buttons(button("invite-go-on", say("go-on"), goOn, "main")),
      byEmail?.draw() ?? null,
      otherWays(page),
      beforeYouBegin(page),
    ];
  };
  page.show({ name: "invite", step: 1, title: "invite-title", draw });
  if (failure !== null) page.warn(explain(page.texts, failure));
}

/** The ways that do not begin at the beginning. */
export function otherWays(page: Page): HTMLElement {
  const say = page.texts.say.bind(page.texts);
  const row = (id: string, way: Way): Child =>
    page.sitting.way !== way &&
    h(
      "li",
      {},
      button(id, say(`${id}-way`), () => page.choose(way), "link"),
    );
  return h(
    "nav",
    { class: "ways", "aria-label": say("other-ways") },
    h("ul", {}, row("register", "register"), row("have-token", "return"), row("have-phrase", "recover")),
  );
}

/** What is good to know before anything is typed. */
export function beforeYouBegin(page: Page): HTMLElement {
  const say = page.texts.say.bind(page.texts);
  const onion = page.known?.campaign.onion ?? null;
  const there = location.hostname.endsWith(".onion");
  return h(
    "section",
    { class: "note", "aria-labelledby": "before-heading" },
    h("h2", { id: "before-heading" }, say("before-heading")),
    h("p", {}, say("private-hint")),
    onion && !there ? h("p", {}, say("onion-hint"), " ", h("code", { class: "latin" }, `http://${onion}/join`)) : null,
    h("p", {}, say("reload-hint")),
  );
}

/** Whether it is the link or the code that is wrong, and not the campaign. */
export function isOfLink(error: unknown): boolean {
  return error instanceof Mistake && ["invite_group", "campaign_part", "no_link", "no_invite"].includes(error.kind);
}

/** Marks the group that is wrong in what was typed. */
function selectGroup(code: Field, error: unknown): void {
  const group = error instanceof Mistake ? Number(error.at["group"] ?? 0) : 0;
  const groups = [...code.input.value.matchAll(/[^\s-]{1,4}/g)];
  const found = groups[group - 1];
  if (found) code.input.setSelectionRange(found.index, found.index + found[0].length);
}
