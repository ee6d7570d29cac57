// The campaign's clock as far as a participant needs it, and how long to wait before a pledge. The device's clock may be
// wrong and the server's word is not signed: neither decides anything in silence.

import type { Campaign } from "./door";

/** Where in its life the server says that the campaign is. */
export type State = "before" | "collecting" | "open" | "closing" | "closed";

/** The longest random delay, in seconds, and what shortened it. */
export interface Longest {
  seconds: number;
  /** The genesis would allow more; only the server's unsigned word makes it shorter, so the participant is asked. */
  byTheServersWord: boolean;
}

/** When the tick under way at `now` ends; not before the end of tick 1. */
export function tickEnd(campaign: Campaign, now: number): number {
  const { pledges_open: start, tick_seconds: length } = campaign;
  const ended = Math.max(0, Math.floor((now - start) / length));
  return start + (ended + 1) * length;
}

/** Ten minutes; when the campaign ends soon, half of what is left. */
export function longestDelay(campaign: Campaign, state: State, now: number): Longest {
  if (!isPlausible(campaign, now)) return { seconds: DELAY_SECONDS_MAX, byTheServersWord: false };
  const until = (end: number): number => Math.min(DELAY_SECONDS_MAX, Math.max(0, Math.floor((end - now) / 2)));
  const signed = until(campaign.closes);
  const seconds = state === "closing" ? Math.min(signed, until(tickEnd(campaign, now))) : signed;
  return { seconds, byTheServersWord: seconds < signed };
}

/** Whether this device's clock fits a campaign that takes pledges. */
export function isPlausible(campaign: Campaign, now: number): boolean {
  return now >= campaign.opens && now < campaign.closes;
}

/** A whole number of seconds from 0 to `longest`, each as likely. */
export function randomDelay(longest: number): number {
  const drawn = new Uint32Array(1);
  crypto.getRandomValues(drawn);
  return Math.floor(((drawn[0] ?? 0) / 2 ** 32) * (longest + 1)); // 2^32 is so much larger that no value is favoured
}

/** Unix seconds by this device's clock. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}

const DELAY_SECONDS_MAX = 600;
