// Asking for an invite by e-mail, where the campaign gives them so. What the operator and the mail provider learn of it is
// said beside the field. The address is sent when the button is pressed, and to the issuer alone.

import { h, type Child } from "../elements";
import { button, buttons, field, type Field } from "../field";
import { askForInvite, readEmailOffer, Refused, type EmailOffer } from "../network";
import type { Page } from "../page";

/** The form. It stays empty until the server has said that there are such invites now. */
export class EmailForm {
  readonly #page: Page;
  #offer: EmailOffer | null = null;
  #address = "";
  #asked = false;
  #place = h("div");

  constructor(page: Page) {
    this.#page = page;
    const base = page.known?.campaign.issuer_url;
    if (base === undefined) return;
    const take = (offer: EmailOffer): void => {
      this.#offer = offer;
      this.#fill();
    };
    void readEmailOffer(base).then(take, () => null); // without an answer there is no form, and all else works
  }

  /** Draws it, in the language of now. */
  draw(): HTMLElement {
    this.#place = h("div", { id: "by-email" });
    this.#fill();
    return this.#place;
  }

  #fill(): void {
    if (this.#offer?.open) this.#place.replaceChildren(this.#section(this.#offer));
  }

  #section({ domains }: EmailOffer): HTMLElement {
    const say = this.#page.texts.say.bind(this.#page.texts);
    const lead = domains.includes("*") ? say("email-lead-any") : say("email-lead", { domains: domains.join(", ") });
    return h(
      "section",
      { class: "note", "aria-labelledby": "email-heading" },
      h("h2", { id: "email-heading" }, say("email-heading")),
      h("p", {}, lead),
      h("p", {}, say("email-learns")),
      ...(this.#asked ? [h("p", { id: "email-asked", role: "status" }, say("email-asked"))] : this.#form()),
    );
  }

  #form(): Child[] {
    const say = this.#page.texts.say.bind(this.#page.texts);
    const address = field({
      id: "email-address",
      label: say("email-label"),
      latin: true,
      value: this.#address,
      changed: (value) => (this.#address = value),
    });
    const ask = (): void => void this.#page.act(() => this.#ask(address));
    address.input.addEventListener("keydown", (event) => (event as KeyboardEvent).key === "Enter" && ask());
    return [address.element, buttons(button("email-ask", say("email-ask"), ask))];
  }

  async #ask(address: Field): Promise<void> {
    const { door, known, texts } = this.#page;
    address.wrong(null);
    if (!known || !this.#address.includes("@")) return address.wrong(texts.say("email-wrong"));
    try {
      await askForInvite(door, known.campaign.issuer_url, this.#address.trim());
    } catch (error) {
      if (!(error instanceof Refused) || error.problem !== "malformed") throw error;
      return address.wrong(texts.say("email-wrong"));
    }
    this.#address = "";
    this.#asked = true;
    this.#fill();
  }
}
