// What the page knows of one participation while it lasts. It lives in memory only; invite, token and salts are not here
// but behind the door.

import type { Campaign, Phrase } from "./door";
import type { Places, Search } from "./places";
import type { State } from "./schedule";

/** When the pledge is to follow the token. */
export type When = "random" | "now" | "later";

/** Which way somebody goes: all of it, the same again after an accident, or the second half with a kept token. */
export type Way = "register" | "recover" | "return";

/** One participation. */
export interface Sitting {
  way: Way;
  /** Whether the door knows an invite. */
  invited: boolean;
  /** Whether the campaign's words were compared, or somebody chose to go on without. */
  compared: boolean;
  place: number | null;
  when: When | null;
  phrase: Phrase | null;
  /** Whether the door has the token already. */
  token: string | null;
}

/** A participation that has not begun. */
export function fresh(way: Way = "register"): Sitting {
  return { way, invited: false, compared: false, place: null, when: null, phrase: null, token: null };
}

/** What the server shows everybody, once the door has checked it. */
export interface Known {
  campaign: Campaign;
  places: Places;
  search: Search;
  /** The server's unsigned word. */
  state: State;
}
