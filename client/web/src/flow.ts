// Which screen follows which, for the three ways through the page: all of it, the same again after an accident, and the
// second half with a kept token.

import { checkCampaign, readDocuments, type Documents } from "./campaign";
import { DoorGone, Mistake } from "./door";
import type { Page } from "./page";
import { fresh, type Known, type Way } from "./sitting";
import { isOfLink, showInvite } from "./screens/invite";
import { showLost, showStart } from "./screens/start";
import { showPhrase, showRecover, showReturn } from "./screens/phrase";
import { showPlace } from "./screens/place";
import { showProgress } from "./screens/progress";
import { showRegister } from "./screens/register";
import { showWords } from "./screens/words";

type Name = "invite" | "words" | "place" | "register" | "phrase" | "recover" | "return" | "progress";

const WAYS: Record<Way, Name[]> = {
  register: ["invite", "words", "place", "register", "phrase", "progress"],
  recover: ["invite", "words", "recover", "place", "register", "progress"],
  return: ["return", "register", "progress"],
};

/** Leads through the page. */
export class Flow {
  readonly #page: Page;
  #documents: Documents | null = null;
  #at: Name | null = null;

  constructor(page: Page) {
    this.#page = page;
    page.next = () => this.#step(1);
    page.back = () => this.#step(-1);
    page.choose = (way) => {
      const { invited, compared } = page.sitting;
      page.underWay = false;
      page.sitting = { ...fresh(way), invited, compared };
      this.#at = null;
      this.#step(1);
    };
  }

  /** Reads the campaign, then goes in by the link, or asks for the invite. */
  async begin(link: string): Promise<void> {
    const page = this.#page;
    showStart(page);
    try {
      this.#documents ??= await readDocuments();
      await page.door.open();
      const documents = this.#documents;
      if (link === "") {
        await this.#surely(() => checkCampaign(page, documents));
        this.#step(1);
      } else {
        await this.enter(link);
      }
    } catch (error) {
      if (page.known && isOfLink(error)) this.#ask(error);
      else showLost(page, error, () => void this.begin(link));
    }
  }

  /** A link, as it was pasted, or a code typed from paper. It begins anew: every invite has a phrase of its own. */
  async enter(text: string): Promise<void> {
    const page = this.#page;
    const documents = this.#documents;
    if (!documents) return;
    const way = page.sitting.way === "recover" ? "recover" : "register";
    try {
      const { code_groups } = await this.#surely(async () => {
        const link = await page.door.ask("link", { text });
        await checkCampaign(page, documents);
        return link;
      });
      page.sitting = { ...fresh(way), invited: code_groups !== null };
    } catch (error) {
      if (isOfLink(error)) await checkCampaign(page, documents); // it is told beside the campaign
      throw error;
    }
    if (!page.sitting.invited) throw new Mistake({ kind: "no_invite" });
    this.#at = "invite";
    this.#step(1);
  }

  /** Does what can be done again, because nothing was made of it yet: where WebAssembly breaks, its twin goes on. */
  async #surely<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DoorGone)) throw error;
      await this.#page.door.open();
      return work();
    }
  }

  #ask(failure: unknown = null): void {
    this.#at = "invite";
    showInvite(this.#page, (text) => this.enter(text), failure);
  }

  /** To the next screen of this way, or the one before, leaving out what is known already. */
  #step(by: 1 | -1): void {
    const { known, sitting } = this.#page;
    if (!known) return;
    const way = WAYS[sitting.way];
    let index = this.#at === null ? -1 : way.indexOf(this.#at);
    do index += by;
    while (by === 1 && this.#isKnown(way[index]));
    const name = way[index];
    if (name === undefined || (name === "invite" && sitting.invited)) {
      this.#page.sitting = { ...sitting, way: "register", compared: false };
      this.#at = null;
      return this.#step(1);
    }
    this.#at = name;
    this.#show(name, known);
  }

  #isKnown(name: Name | undefined): boolean {
    const { invited, compared } = this.#page.sitting;
    return (name === "invite" && invited) || (name === "words" && compared);
  }

  #show(name: Name, known: Known): void {
    const page = this.#page;
    if (name === "invite") return this.#ask();
    if (name === "phrase") return void page.act(async () => await showPhrase(page));
    const screens = { words: showWords, place: showPlace, register: showRegister, progress: showProgress };
    if (name === "recover") showRecover(page);
    else if (name === "return") showReturn(page);
    else screens[name](page, known);
  }
}
