// Draws a country: outlines on the globe become one path of land and one of inner borders, on a plane, in
// whole numbers. Section 2 of the map's rules stands in README.md. It never decides what belongs to a country:
// that is in the campaign's country.json.

import { geoBounds, geoConicEqualArea } from "d3-geo";
import { geoProject, geoStitch } from "d3-geo-projection";
import { feature, merge, mesh } from "topojson-client";
import { topology } from "topojson-server";
import { filter, filterWeight, planarRingArea, planarTriangleArea, presimplify, simplify } from "topojson-simplify";
import { Refusal } from "./sources.mjs";

const RADIANS = Math.PI / 180;
// The drawing fits a square of this side, with a margin for circles and labels of places at the border.
const SIDE = 2000;
const MARGIN = 20;
// Borders are put on a grid of this many lines before they are simplified, so that neighbours share them.
const GRID = 1e5;

/** Regions of an outline, without those that the country leaves out; those without a name are none. */
export function regionsOf(outline, wanted) {
  const [shapes] = Object.values(outline.objects);
  const regions = feature(outline, shapes).features.filter((region) => region.properties?.name && region.geometry);
  const chosen = regions.filter((region) => wanted(region.id, region.properties.name));
  // An outline cut at 180° is sewn together again, or the cut would be drawn as a border.
  return { type: "FeatureCollection", features: chosen.map(geoStitch) };
}

/**
 * Albers' equal-area conic with the constants that put a place on the drawing, and the drawing's size:
 * rho = sqrt(c - 2 n sin lat) / n, theta = n (lon - lon0), x = x0 + scale rho sin theta, y = y0 + scale rho cos theta.
 */
export function projectionFor(regions, { lon0, parallels } = {}) {
  const [[west, south], [east, north]] = geoBounds(regions);
  const middle = (west + east + (west > east ? 360 : 0)) / 2;
  const meridian = lon0 ?? Math.round(middle > 180 ? middle - 360 : middle);
  const [lower, upper] = parallels ?? standardParallels(south, north);
  const albers = geoConicEqualArea().rotate([-meridian, 0]).center([0, 0]).parallels([lower, upper]);
  albers.fitExtent([[MARGIN, MARGIN], [SIDE - MARGIN, SIDE - MARGIN]], regions);
  const [sine, n] = [Math.sin(lower * RADIANS), (Math.sin(lower * RADIANS) + Math.sin(upper * RADIANS)) / 2];
  const c = 1 + sine * (2 * n - sine);
  const flat = bounds(geoProject(regions, albers.precision(0)));
  const [right, down] = [MARGIN - flat.west, MARGIN - flat.north];
  const [x, y] = albers.translate();
  albers.translate([x + right, y + down]);
  const constants = {
    kind: "albers",
    n: decimals(n, 12),
    c: decimals(c, 12),
    lon0: meridian,
    scale: decimals(albers.scale(), 3),
    x0: decimals(x + right, 3),
    y0: decimals(y + down - (albers.scale() * Math.sqrt(c)) / n, 3),
  };
  const size = [flat.east + right, flat.south + down].map((end) => Math.ceil(end) + MARGIN);
  return { albers, constants, size };
}

/** A sixth of the height from both edges, the usual choice; never so near the equator that the cone is none. */
function standardParallels(south, north) {
  const sixth = (north - south) / 6;
  let [lower, upper] = [south + sixth, north - sixth].map(Math.round);
  if (lower === upper) upper += 1;
  while (Math.abs(Math.sin(lower * RADIANS) + Math.sin(upper * RADIANS)) < 0.04) upper += 1;
  return [lower, upper];
}

/** Puts one place on the drawing by the constants alone, as every reader of map.json does. */
export function project({ n, c, lon0, scale, x0, y0 }, { lat, lon }) {
  const rho = Math.sqrt(c - 2 * n * Math.sin(lat * RADIANS)) / n;
  const theta = n * ((((lon - lon0 + 540) % 360) - 180) * RADIANS);
  return [x0 + scale * rho * Math.sin(theta), y0 + scale * rho * Math.cos(theta)];
}

/** Land and inner borders. What is smaller than `detail`, in square units, is left out. */
export function draw(regions, albers, detail) {
  const fine = presimplify(topology({ regions: geoProject(regions, albers.precision(0)) }, GRID), planarTriangleArea);
  const coarse = simplify(fine, detail);
  const drawn = filter(coarse, filterWeight(coarse, 2 * detail, planarRingArea));
  const shapes = drawn.objects.regions;
  const land = merge(drawn, shapes.geometries).coordinates.flat();
  const inner = mesh(drawn, shapes, (a, b) => a !== b).coordinates;
  return { land: path(land, true), mesh: path(inner, false) };
}

/** Lines as an SVG path of whole numbers, each point told from the one before: this compresses best. */
function path(lines, closed) {
  let [out, x, y] = ["", 0, 0];
  for (const line of lines) {
    const points = line.map((point) => point.map(Math.round)).filter((point, i, all) => i === 0 || differs(point, all[i - 1]));
    if (closed) points.pop();
    if (points.length < (closed ? 3 : 2)) continue;
    const [first, ...rest] = points;
    out += (out ? "m" : "M") + pair(first[0] - x, first[1] - y) + "l";
    let [before, steps] = [first, ""];
    for (const point of rest) {
      const step = pair(point[0] - before[0], point[1] - before[1]);
      steps += (steps && !step.startsWith("-") ? " " : "") + step;
      before = point;
    }
    out += steps + (closed ? "z" : "");
    [x, y] = closed ? first : before;
  }
  return out;
}

const differs = (a, b) => a[0] !== b[0] || a[1] !== b[1];
const pair = (x, y) => `${x}${y < 0 ? "" : " "}${y}`;
const decimals = (number, places) => Number(number.toFixed(places));

function bounds(shapes) {
  const box = { west: Infinity, north: Infinity, east: -Infinity, south: -Infinity };
  const visit = (coordinates) => {
    if (Array.isArray(coordinates[0])) return coordinates.forEach(visit);
    const [x, y] = coordinates;
    box.west = Math.min(box.west, x);
    box.east = Math.max(box.east, x);
    box.north = Math.min(box.north, y);
    box.south = Math.max(box.south, y);
  };
  shapes.features.forEach((shape) => visit(shape.geometry.coordinates));
  if (!Number.isFinite(box.west)) throw new Refusal("nothing is left of the outline");
  return box;
}
