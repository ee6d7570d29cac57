// The campaign's places, and finding one by what somebody types, in any of its languages. All of it happens on the
// device: the server never learns what was looked for.

/** A name per language. */
export type Name = Record<string, string>;

/** A place by its index in the campaign's list, which is its number for ever. */
export interface Place {
  index: number;
  region: number;
  name: Name;
  /** Only for the order of what is found; it is old, and never shown. */
  population: number;
}

/** The list that the genesis pins. */
export interface Places {
  regions: Name[];
  places: Place[];
}

/** Reads the document whose digest the door has checked. */
export function readPlaces(document: Uint8Array): Places {
  const list = JSON.parse(new TextDecoder().decode(document)) as { regions: { name: Name }[]; places: Place[] };
  return {
    regions: list.regions.map((region) => region.name),
    places: list.places.map(({ region, name, population }, index) => ({
      index,
      region,
      name,
      population: population ?? 0,
    })),
  };
}

/** Finds places: those of this very name, those that begin so, those that hold what was typed, those of such a region. */
export class Search {
  readonly #rows: { place: Place; names: string; region: string }[];

  constructor(list: Places) {
    const regions = list.regions.map(searched);
    const largestFirst = [...list.places].sort((a, b) => b.population - a.population);
    this.#rows = largestFirst.map((place) => ({
      place,
      names: searched(place.name),
      region: regions[place.region] ?? "",
    }));
  }

  /** Large places first within each kind. */
  find(typed: string): Place[] {
    const wanted = plain(typed);
    if (wanted === "") return [];
    const ranks: Place[][] = RANKS.map(() => []);
    for (const { place, names, region } of this.#rows) {
      ranks[RANKS.findIndex((fits) => fits(names, region, wanted))]?.push(place);
    }
    return ranks.flat();
  }
}

const RANKS: ((names: string, region: string, wanted: string) => boolean)[] = [
  (names, _, wanted) => names.includes(`\n${wanted}\n`),
  (names, _, wanted) => names.includes(`\n${wanted}`),
  (names, _, wanted) => names.includes(wanted),
  (_, region, wanted) => region.includes(wanted),
];

/** All names of an area, each on a line of its own. */
function searched(name: Name): string {
  return `\n${Object.values(name).map(plain).join("\n")}\n`;
}

/** Without case, accents and signs; ё is е, and Arabic letters are the Persian ones. */
function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ي", "ی")
    .replaceAll("ك", "ک")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
