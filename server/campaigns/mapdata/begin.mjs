// Begins the folder of a country of which nobody has looked at anything yet: a first country.json and a first
// corrections.json, right in form, to be read and mended by somebody who knows the country. Never overwrites.

/** A first country.json: all regions, places above 15,000, two halves, nothing disputed. */
export function beginCountry(country, languages, { iso3 }) {
  const named = (text) => Object.fromEntries(languages.map((lang) => [lang, text]));
  const others = languages.filter((lang) => lang !== "en");
  return json({
    about: "Which places are taken from the sources, and how the map is drawn. Data, read by mapdata/make.mjs.",
    country,
    languages,
    places: { extract: "cities15000", named_in: others.length > 0 ? others : ["en"] },
    outline: iso3.toLowerCase(),
    leave_out: [],
    detail: 2,
    views: [
      { id: "all", name: named("The whole country") },
      { id: "west", name: named("West"), box: "west" },
      { id: "east", name: named("East"), box: "east" },
    ],
    disputed: [],
  });
}

/** A first corrections.json: nothing is corrected, the regions are called as the sources call them. */
export function beginCorrections(languages, places, albers, sources) {
  const names = new Map([...languages, "en"].map((lang) => [lang, sources.names(lang)]));
  const called = (code, lang) => names.get(lang).get(code) ?? names.get("en").get(code) ?? code;
  const codes = [...new Set(places.map((place) => place.r))].sort();
  const table = codes.map((code) => ({ code, ...Object.fromEntries(languages.map((lang) => [lang, called(code, lang)])) }));
  const letters = (lang) => [...new Set([...places, ...table].flatMap((row) => [...row[lang]]))].sort().join("");
  const largest = [...places].sort((a, b) => b.pop - a.pop || a.id - b.id).slice(0, 4);
  const anchor = ({ id, [languages[0]]: name, lon, lat }) => {
    const [x, y] = albers([lon, lat]).map((at) => Number(at.toFixed(1)));
    return { id, name, x, y };
  };
  return json({
    about: "What is changed on the way from geonames.json to places.json. Data, read by make-campaign.",
    languages,
    letters: Object.fromEntries(languages.map((lang) => [lang, letters(lang)])),
    anchors: largest.map(anchor),
    regions: { reason: "the names as the sources have them; the code is that of GeoNames", table },
    added: [],
    merge_within_km: 20,
    removed: [],
    regrouped: [],
    moved: [],
    renamed: [],
    spelling: [],
  });
}

/** Lists of rows have a row a line. */
function json(members) {
  const rows = (list) => `[\n    ${list.map((row) => JSON.stringify(row)).join(",\n    ")}\n  ]`;
  const value = (member) => {
    if (Array.isArray(member) && typeof member[0] === "object") return rows(member);
    if (!member.table) return JSON.stringify(member);
    return `{"reason": ${JSON.stringify(member.reason)}, "table": ${rows(member.table)}}`;
  };
  return `{\n${Object.entries(members).map(([key, member]) => `  "${key}": ${value(member)}`).join(",\n")}\n}\n`;
}
