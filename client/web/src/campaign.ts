// The campaign as the server shows it to everybody: three documents, the same for all, read when the page opens. The door
// checks them against what the invite link pins; nothing of them is shown before that.

import { toBase64 } from "./base64";
import { Lost, read } from "./network";
import type { Page } from "./page";
import { Search, readPlaces } from "./places";
import { now, type State } from "./schedule";
import type { Campaign } from "./door";

/** What was read, not checked. */
export interface Documents {
  genesis: Uint8Array;
  places: Uint8Array;
  counts: Uint8Array | null;
}

/** Reads the three documents. */
export async function readDocuments(): Promise<Documents> {
  const [genesis, places, counts] = await Promise.all([
    read("/campaign", GENESIS_BYTES_MAX),
    read("/places.json", LIST_BYTES_MAX),
    read("/counts.json", LIST_BYTES_MAX).catch(() => null), // only its state is wanted, and the clock can do without
  ]);
  return { genesis, places, counts };
}

/** Has the door check the documents against the link, if it was given one, and takes them into the page. */
export async function checkCampaign(page: Page, documents: Documents): Promise<void> {
  const campaign = await page.door.ask("campaign", {
    genesis: toBase64(documents.genesis),
    places: toBase64(documents.places),
    origin: location.origin,
  });
  const places = readPlaces(documents.places);
  page.known = { campaign, places, search: new Search(places), state: stateOf(campaign, documents.counts) };
}

/** The server's word for where the campaign is, or what the clock says. */
function stateOf(campaign: Campaign, counts: Uint8Array | null): State {
  try {
    if (!counts) throw new Lost();
    const { state, campaign_id } = JSON.parse(new TextDecoder().decode(counts)) as {
      state: State;
      campaign_id: string;
    };
    if (campaign_id === campaign.id && STATES.includes(state)) return state;
  } catch {
    // no answer, or one that cannot be read: the clock then
  }
  const seconds = now();
  if (seconds < campaign.opens) return "before";
  if (seconds < campaign.pledges_open) return "collecting";
  return seconds < campaign.closes ? "open" : "closed";
}

const STATES: State[] = ["before", "collecting", "open", "closing", "closed"];
/** An entry of the log holds no more. */
const GENESIS_BYTES_MAX = 65_535;
const LIST_BYTES_MAX = 4 * 1024 * 1024;
