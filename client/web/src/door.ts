// The door to the Rust code, which runs in a worker so that page and exit stay alive. WebAssembly first; where a browser
// refuses it, its twin in JavaScript. All secrets of a participation stay behind this door; nothing here keeps them.

/** How the door computes. */
export type How = "wasm" | "javascript";

/** What a campaign is, after all that its id pins was checked. Times are Unix seconds. */
export interface Campaign {
  id: string;
  words: string[];
  numbers: number[];
  /** Whether a link named this campaign; otherwise only comparing words pins it. */
  pinned: boolean;
  title: Record<string, string>;
  text: Record<string, string>;
  rehearsal: boolean;
  k: number;
  tick_seconds: number;
  opens: number;
  pledges_open: number;
  issuing_closes: number;
  closes: number;
  /** Where token requests go, for whoever came by this address. */
  issuer_url: string;
  origin_url: string;
  onion: string | null;
  relays: unknown[];
}

/** Twelve words, and the same as numbers 1–2048. */
export interface Phrase {
  words: string[];
  numbers: number[];
}

/** A message, ready to be sent to a path of the campaign's server. */
export interface Sendable {
  authorization: string;
  body: string;
  path: string;
  media_type: string;
}

/** What each call takes and gives; binary values are base64url with padding. */
interface Calls {
  link: [{ text: string }, { code_groups: string[] | null; campaign_id: string | null }];
  campaign: [{ genesis: string; places: string; origin: string }, Campaign];
  phrase: [{ entropy: string }, Phrase];
  recover: [{ text: string }, Phrase];
  prepare: [{ place: number }, Sendable & { directory_path: string }];
  directory: [{ body: string }, object];
  response: [{ body: string }, { token: string; place: number }];
  token: [{ text: string }, { place: number }];
  pledge: [object, Sendable];
  receipt: [{ body: string }, object];
  problem: [{ status: number; media_type: string; body: string }, { problem: string | null; passing: boolean }];
  qr: [{ text: string }, { size: number; modules: string }];
  forget: [object, object];
}

/** The door's no: a kind of the closed set, and where the mistake is. */
export class Mistake extends Error {
  readonly kind: string;
  readonly at: Record<string, unknown>;

  constructor(mistake: Record<string, unknown>) {
    super(String(mistake["kind"]));
    this.kind = String(mistake["kind"]);
    this.at = mistake;
  }
}

/** The worker is gone, and with it what it knew. */
export class DoorGone extends Error {}

/** No worker starts, in WebAssembly or without. */
export class NoDoor extends Error {}

type Answer = { ok: unknown } | { mistake: Record<string, unknown> };
type Told = { ready: true; how: How } | { failed: string } | { id: number; answer: Answer };
interface Waiting {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
}

/** One door, opened with the page. */
export class Door {
  readonly #hears: (how: How | "none" | "gone") => void;
  #opening: Promise<How> | null = null;
  #worker: Worker | null = null;
  #waiting = new Map<number, Waiting>();
  #next = 1;
  #how: How | null = null;
  #wasmBroke = false;
  #shut = false;

  /** Opens it. `hears` is told how it computes, and when it no longer does. */
  constructor(hears: (how: How | "none" | "gone") => void) {
    this.#hears = hears;
    this.open().catch(() => undefined); // whoever asks is told; nobody has to ask
  }

  /** Settles once a worker is ready; rejects with [`NoDoor`] if none starts. Called after that, or after one was lost, it
   * tries again, and what is opened then knows nothing. Where WebAssembly broke it is not tried again. */
  async open(): Promise<How> {
    if (this.#shut) throw new DoorGone();
    this.#opening ??= this.#startEither();
    return this.#opening;
  }

  /** Asks, and waits for the answer. */
  async ask<N extends keyof Calls>(name: N, members: Calls[N][0]): Promise<Calls[N][1]> {
    await this.#opening;
    const worker = this.#worker;
    if (!worker) throw new DoorGone();
    const id = this.#next++;
    return new Promise<Calls[N][1]>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, request: { do: name, ...members } });
    });
  }

  /** Has the door erase all that it knows, then ends its worker; from now on it answers nothing. */
  shut(): void {
    const worker = this.#worker;
    this.#shut = true;
    this.#worker = null;
    this.#refuseAll();
    if (!worker) return;
    const end = (): void => worker.terminate();
    worker.onmessage = (event: MessageEvent<Told>) => "id" in event.data && event.data.id === 0 && end();
    worker.postMessage({ id: 0, request: { do: "forget" } });
    setTimeout(end, ERASING_MILLISECONDS); // a worker that is busy computing is ended all the same
  }

  async #startEither(): Promise<How> {
    try {
      const first = this.#wasmBroke ? WORKER_WITHOUT_WASM_URL : WORKER_URL;
      this.#how = await this.#start(first).catch(() => this.#start(WORKER_WITHOUT_WASM_URL));
      this.#tell(this.#how);
      return this.#how;
    } catch (error) {
      this.#opening = null;
      this.#tell("none");
      throw error;
    }
  }

  async #start(url: string): Promise<How> {
    return new Promise((resolve, reject) => {
      let worker: Worker;
      try {
        if (this.#shut) throw new DoorGone();
        worker = new Worker(trusted(url) as unknown as URL);
      } catch {
        reject(new NoDoor());
        return;
      }
      const fail = (): void => {
        worker.terminate();
        reject(new NoDoor());
      };
      worker.onerror = fail;
      worker.onmessage = (event: MessageEvent<Told>) => {
        if (!("how" in event.data) || this.#shut) return fail();
        this.#worker = worker;
        worker.onerror = () => this.#lose();
        worker.onmessageerror = () => this.#lose();
        worker.onmessage = (later: MessageEvent<Told>) => this.#hear(later.data);
        resolve(event.data.how);
      };
    });
  }

  #tell(how: How | "none" | "gone"): void {
    if (!this.#shut) this.#hears(how); // afterwards the page may be blank
  }

  #hear(told: Told): void {
    if (!("answer" in told)) return;
    const waiting = this.#waiting.get(told.id);
    this.#waiting.delete(told.id);
    if (!waiting) return;
    if ("ok" in told.answer) waiting.resolve(told.answer.ok as never);
    else waiting.reject(new Mistake(told.answer.mistake));
  }

  #lose(): void {
    this.#worker?.terminate();
    this.#wasmBroke ||= this.#how === "wasm";
    [this.#worker, this.#opening, this.#how] = [null, null, null];
    this.#refuseAll();
    this.#tell("gone");
  }

  #refuseAll(): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new DoorGone());
    this.#waiting.clear();
  }
}

const ERASING_MILLISECONDS = 1000;

/** The page's one Trusted Types policy: these two addresses may become workers, and nothing else may become script. */
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("headcount-worker", {
  createScriptURL(url) {
    if (url === WORKER_URL || url === WORKER_WITHOUT_WASM_URL) return url;
    throw new TypeError("no worker of this page");
  },
});

function trusted(url: string): unknown {
  return policy ? policy.createScriptURL(url) : url;
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
}
