// Draws a country: outlines on the globe become one path of land and one of inner borders, on a plane, in
// whole numbers. It never decides what belongs to a country:
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

/** The regions of an outline that are wanted, as far as they lie `within`; what has no name is none. */
export function regionsOf(outline, wanted, within) {
  const [shapes] = Object.values(outline.objects);
  const regions = feature(outline, shapes).features.filter((region) => region.properties?.name && region.geometry);
  // An outline cut at 180° is sewn together again, or the cut would be drawn as a border.
  const whole = regions.filter(wanted).map(geoStitch);
  const near = whole.map((region) => ({ ...region, geometry: islands(region.geometry, within) }));
  return { type: "FeatureCollection", features: near.filter((region) => region.geometry.coordinates.length > 0) };
}

/** Whether a point lies between west, south, east and north, in degrees; everywhere does if they are not given. */
export function lies([lon, lat], [west, south, east, north] = [-180, -90, 180, 90]) {
  const across = west <= east ? lon >= west && lon <= east : lon >= west || lon <= east;
  return across && lat >= south && lat <= north;
}

function islands({ type, coordinates }, within) {
  const all = type === "Polygon" ? [coordinates] : coordinates;
  return { type: "MultiPolygon", coordinates: all.filter(([outer]) => lies(outer[0], within)) };
}

/**
 * Albers' equal-area conic, the size of the drawing, and the constants that put a place on it:
 * rho = sqrt(c - 2 n sin lat) / n, theta = n (lon - lon0), x = x0 + scale rho sin theta, y = y0 + scale rho cos theta.
 */
export function fit(regions, { lon0, parallels } = {}) {
  const [[west, south], [east, north]] = geoBounds(regions);
  const middle = Math.round((west + east + (west > east ? 360 : 0)) / 2);
  const meridian = lon0 ?? (middle > 180 ? middle - 360 : middle);
  const [lower, upper] = parallels ?? standardParallels(south, north);
  const albers = geoConicEqualArea().rotate([-meridian, 0]).center([0, 0]).parallels([lower, upper]).precision(0);
  albers.fitExtent([[MARGIN, MARGIN], [SIDE - MARGIN, SIDE - MARGIN]], regions);
  const flat = bounds(geoProject(regions, albers));
  const [x, y] = albers.translate();
  albers.translate([x + MARGIN - flat.west, y + MARGIN - flat.north]);
  const [left, top] = albers.translate();
  const sine = Math.sin(lower * RADIANS);
  const n = (sine + Math.sin(upper * RADIANS)) / 2;
  const c = 1 + sine * (2 * n - sine);
  const constants = {
    kind: "albers",
    n: rounded(n, 12),
    c: rounded(c, 12),
    lon0: meridian,
    scale: rounded(albers.scale(), 3),
    x0: rounded(left, 3),
    y0: rounded(top - (albers.scale() * Math.sqrt(c)) / n, 3),
  };
  // The libraries' last digits are no part of the size.
  const sides = [flat.east - flat.west, flat.south - flat.north];
  const [width, height] = sides.map((side) => Math.ceil(side - 1e-6) + 2 * MARGIN);
  return { albers, constants, width, height };
}

/** A sixth of the height from both edges, the usual choice; never so near the equator that the cone is none. */
function standardParallels(south, north) {
  const sixth = (north - south) / 6;
  let [lower, upper] = [south + sixth, north - sixth].map(Math.round);
  if (lower === upper) upper += 1;
  while (Math.abs(Math.sin(lower * RADIANS) + Math.sin(upper * RADIANS)) < 0.04) upper += 1;
  return [lower, upper];
}

/** A view's box: the whole if nothing is said, a little more than half of it by its side, or x, y, width, height. */
export function frame(box, width, height) {
  const [across, down] = [width, height].map((side) => Math.ceil(side * 0.55));
  const halves = {
    west: [0, 0, across, height],
    east: [width - across, 0, across, height],
    north: [0, 0, width, down],
    south: [0, height - down, width, down],
  };
  return box === undefined ? [0, 0, width, height] : halves[box] ?? box;
}

/** Puts one place on the drawing by the constants alone, as every reader of map.json does. */
export function project({ n, c, lon0, scale, x0, y0 }, { lat, lon }) {
  const rho = Math.sqrt(c - 2 * n * Math.sin(lat * RADIANS)) / n;
  const theta = n * ((((lon - lon0 + 540) % 360) - 180) * RADIANS);
  return [x0 + scale * rho * Math.sin(theta), y0 + scale * rho * Math.cos(theta)];
}

/** Land and inner borders. What is smaller than `detail`, in square units, is left out. */
export function draw(regions, albers, detail) {
  const fine = presimplify(topology({ regions: geoProject(regions, albers) }, GRID), planarTriangleArea);
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
    const whole = line.map((point) => point.map(Math.round));
    const points = whole.filter((point, i) => i === 0 || differs(point, whole[i - 1]));
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
const rounded = (number, places) => Number(number.toFixed(places));

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
