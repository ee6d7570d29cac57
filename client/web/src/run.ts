// One registration from the first request with a secret to the receipt, in the one safe order. Whatever breaks off can be
// gone on with from where it stopped, with the same bytes; nothing here draws anything.
//
// It must never ask the issuer again after an answer that was no signature, and never pledge over the token's connection:
// see network.ts.

import { fromBase64, toBase64 } from "./base64";
import { DoorGone, Mistake } from "./door";
import { read, Refused, send, type Message } from "./network";
import type { Page } from "./page";
import { longestDelay, now, randomDelay } from "./schedule";
import type { Known } from "./sitting";

/** Where a registration is. */
export type Stage = "key" | "blinding" | "token" | "unblinding" | "waiting" | "pledging" | "counted" | "kept";

/** One registration under way. */
export class Run {
  stage: Stage = "key";
  /** What stopped it, until it goes on. */
  failure: unknown = null;
  /** When waiting began, and how long it is to last, in milliseconds. */
  waitingSince = 0;
  waitingFor = 0;
  readonly #page: Page;
  readonly #known: Known;
  readonly #changed: () => void;
  #message: Message | null = null;
  #waited = false;
  #endWaiting: (() => void) | null = null;

  constructor(page: Page, known: Known, changed: () => void) {
    this.#page = page;
    this.#known = known;
    this.#changed = changed;
  }

  /** Goes on from where it is, until it ends or something fails. */
  async go(): Promise<void> {
    this.failure = null;
    this.#page.underWay = true;
    try {
      if (this.#page.sitting.token === null) await this.#obtain();
      if (this.#keeps) return this.#at("kept");
      await this.#wait();
      if (this.#keeps) return this.#at("kept");
      await this.#pledge();
      this.#page.underWay = false;
      this.#at("counted");
    } catch (failure) {
      this.failure = failure;
      this.#changed();
    }
  }

  /** Ends the waiting; the pledge follows at once. */
  pledgeNow(): void {
    this.#endWaiting?.();
  }

  /** Ends the waiting, or gives up the pledge for today; the token is shown to be kept. */
  keepToken(): void {
    this.#page.sitting.when = "later";
    if (this.#endWaiting) this.#endWaiting();
    else void this.go();
  }

  /** Whether the very same may be tried again with any hope. */
  get mayTryAgain(): boolean {
    if (this.failure instanceof DoorGone) return false;
    if (this.failure instanceof Refused) return !FINAL.includes(this.failure.problem ?? "");
    if (this.failure instanceof Mistake) return this.failure.kind === "misbehaved" && this.stage !== "unblinding";
    return true;
  }

  get #keeps(): boolean {
    return this.#page.sitting.when === "later";
  }

  async #obtain(): Promise<void> {
    const { door, sitting } = this.#page;
    const base = this.#known.campaign.issuer_url;
    if (!this.#message) {
      this.#at("blinding");
      const prepared = await door.ask("prepare", { place: sitting.place ?? 0 });
      this.#at("key");
      const directory = await read(base + prepared.directory_path, DIRECTORY_BYTES_MAX);
      await door.ask("directory", { body: toBase64(directory) });
      const { authorization, body, path, media_type } = prepared;
      this.#message = {
        url: base + path,
        authorization,
        mediaType: media_type,
        body: fromBase64(body),
        wanted: TOKEN_RESPONSE,
      };
    }
    this.#at("token");
    const answer = await send(door, this.#message);
    this.#at("unblinding");
    const { token } = await door.ask("response", { body: toBase64(answer) });
    this.#message = null; // it held the invite
    sitting.token = token;
  }

  async #wait(): Promise<void> {
    if (this.#waited) return;
    this.#waited = true;
    if (this.#page.sitting.when !== "random") return;
    const { campaign, state } = this.#known;
    this.waitingSince = Date.now();
    this.waitingFor = 1000 * randomDelay(longestDelay(campaign, state, now()).seconds);
    this.#at("waiting");
    await new Promise<void>((resolve) => {
      const over = (): boolean => Date.now() - this.waitingSince >= this.waitingFor;
      const looking = setInterval(() => (over() ? end() : this.#changed()), 1000);
      const end = (): void => {
        clearInterval(looking);
        this.#endWaiting = null;
        resolve();
      };
      this.#endWaiting = end;
    });
  }

  async #pledge(): Promise<void> {
    this.#at("pledging");
    const { authorization, body, path, media_type } = await this.#page.door.ask("pledge", {});
    const message = {
      url: location.origin + path,
      authorization,
      mediaType: media_type,
      body: fromBase64(body),
      wanted: RECEIPT,
    };
    const answer = await send(this.#page.door, message);
    await this.#page.door.ask("receipt", { body: toBase64(answer) });
  }

  #at(stage: Stage): void {
    this.stage = stage;
    this.#changed();
  }
}

/** Refusals that the same message would get again. */
const FINAL = [
  "closed",
  "invite-unknown",
  "invite-used",
  "token-invalid",
  "pledge-mismatch",
  "unauthorised",
  "forbidden",
];
const TOKEN_RESPONSE = { statuses: [200], mediaType: "application/private-token-response", bytes: 256 };
const RECEIPT = { statuses: [200, 201], mediaType: "application/vnd.headcount.receipt", bytes: 64 };
const DIRECTORY_BYTES_MAX = 64 * 1024;
