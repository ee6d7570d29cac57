// How bytes leave and arrive: to this host and to the issuer that the genesis names, without cookies, referrer or cache,
// following no redirect. A lost answer is asked for again with the very same bytes, which changes nothing at the server.
//
// Messages with a secret go without credentials. Browsers keep such connections apart from those that loaded the page,
// and the server closes each one after a token: so the token request and the pledge have connections of their own (N1).

import type { Door } from "./door";
import { toBase64 } from "./base64";

/** An answer, of whatever status. */
export interface Answer {
  status: number;
  mediaType: string;
  body: Uint8Array;
  /** Seconds, if the server asks for a pause. */
  retryAfter: number | null;
}

/** What is sent. It has one size for everybody. */
export interface Message {
  url: string;
  authorization: string;
  mediaType: string;
  body: Uint8Array<ArrayBuffer>;
  /** What its answer is, so that no other page that gets in between is taken for one. */
  wanted: { statuses: number[]; mediaType: string; bytes: number };
}

/** No usable answer came; whether the message arrived nobody knows, so to repeat it is right. */
export class Lost extends Error {}

/** The server refused, by a name of the closed set, or null if it answered something else. */
export class Refused extends Error {
  readonly problem: string | null;
  /** Whether the very same message may be sent again after a pause. */
  readonly passing: boolean;
  readonly retryAfter: number | null;

  constructor(problem: string | null, passing: boolean, retryAfter: number | null) {
    super(problem ?? "refused");
    this.problem = problem;
    this.passing = passing;
    this.retryAfter = retryAfter;
  }
}

/** Reads a public document, the same for everybody. */
export async function read(url: string, bytesMax: number): Promise<Uint8Array> {
  const answer = await once(url, { method: "GET", credentials: "same-origin", headers: PLAIN }, bytesMax);
  if (answer.status !== 200) throw new Lost();
  return answer.body;
}

/** Sends a message, up to three times while answers are lost or the server asks for a pause. */
export async function send(door: Door, message: Message): Promise<Uint8Array> {
  const { authorization, mediaType, body, wanted } = message;
  const headers = { ...PLAIN, Authorization: authorization, "Content-Type": mediaType };
  for (let attempt = 1; ; attempt++) {
    let failure: Lost | Refused;
    try {
      const answer = await once(message.url, { method: "POST", credentials: "omit", headers, body }, wanted.bytes);
      if (wanted.statuses.includes(answer.status) && answer.mediaType === wanted.mediaType) return answer.body;
      failure = await refusal(door, answer);
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      failure = error;
    }
    const refused = failure instanceof Refused ? failure : null;
    const pause = refused?.retryAfter ?? PAUSE_SECONDS * attempt;
    if (attempt === ATTEMPTS || refused?.passing === false || pause > PAUSE_SECONDS_MAX) throw failure;
    await seconds(pause);
  }
}

/** What a campaign offers by e-mail, as its issuer says. */
export interface EmailOffer {
  open: boolean;
  domains: string[];
}

/** Reads what is offered by e-mail. */
export async function readEmailOffer(base: string): Promise<EmailOffer> {
  const answer = await read(base + INVITE_BY_EMAIL, OFFER_BYTES_MAX);
  const offer = JSON.parse(new TextDecoder().decode(answer)) as Partial<EmailOffer>;
  const domains = Array.isArray(offer.domains) ? offer.domains.filter((domain) => typeof domain === "string") : [];
  return { open: offer.open === true && domains.length > 0, domains };
}

/** Asks for an invite by e-mail, once: who has to wait, or whose answer was lost, is told so and decides. */
export async function askForInvite(door: Door, base: string, email: string): Promise<void> {
  const headers = { ...PLAIN, "Content-Type": "application/json" };
  const body = new TextEncoder().encode(JSON.stringify({ email }));
  const post: RequestInit = { method: "POST", credentials: "omit", headers, body };
  const answer = await once(base + INVITE_BY_EMAIL, post, PROBLEM_BYTES_MAX);
  if (answer.status !== 202) throw await refusal(door, answer);
}

async function refusal(door: Door, answer: Answer): Promise<Refused> {
  const { status, mediaType, retryAfter } = answer;
  const { problem, passing } = await door.ask("problem", {
    status,
    media_type: mediaType,
    body: toBase64(answer.body),
  });
  return new Refused(problem, passing, retryAfter);
}

async function once(url: string, init: RequestInit, bytesMax: number): Promise<Answer> {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), ANSWER_MILLISECONDS_MAX);
  try {
    const response = await fetch(url, {
      ...init,
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: ending.signal,
    });
    return {
      status: response.status,
      mediaType: response.headers.get("content-type") ?? "",
      body: await whole(response, Math.max(bytesMax, PROBLEM_BYTES_MAX)),
      retryAfter: pauseAsked(response.headers.get("retry-after")),
    };
  } catch {
    throw new Lost();
  } finally {
    clearTimeout(timer);
  }
}

/** A body that is not longer than it may be: a server must not be able to fill this device's memory. */
async function whole(response: Response, bytesMax: number): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    length += part.value.length;
    if (length > bytesMax) {
      void reader?.cancel();
      throw new Lost();
    }
    parts.push(part.value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function pauseAsked(header: string | null): number | null {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : null;
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

/** What browsers fill in differently from person to person is said alike for all. */
const PLAIN = { Accept: "*/*", "Accept-Language": "*" };
const ATTEMPTS = 3;
const PAUSE_SECONDS = 2;
/** A server that asks for a longer pause than this is left for another time. */
const PAUSE_SECONDS_MAX = 60;
/** Tor is slow. */
const ANSWER_MILLISECONDS_MAX = 90_000;
const PROBLEM_BYTES_MAX = 4096;
const INVITE_BY_EMAIL = "/invite-by-email";
const OFFER_BYTES_MAX = 64 * 1024;
