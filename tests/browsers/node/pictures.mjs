// Pictures: taken of every state into one folder that a person can leaf through, and compared by what they show in rough
// tones, which is how a test sees that a picture is really there.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";

const STYLE = `:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;margin:1.5rem}
main{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start}h2{inline-size:100%;margin:2rem 0 0}
figure{margin:0;max-inline-size:24rem}img{max-inline-size:100%;border:1px solid gray}`;

/** The folder of pictures, and a function that takes one: take(tab, name) writes NAME.png. */
export function album(folder) {
  mkdirSync(folder, { recursive: true });
  return async (tab, name, options) => {
    const bytes = await tab.picture(join(folder, `${name}.png`), options);
    writeFileSync(join(folder, "index.html"), leaves(folder));
    return bytes;
  };
}

/** A page with all pictures of the folder, under a heading for each first word of their names. */
function leaves(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".png"));
  const parts = ["<!doctype html>", '<html lang="en"><meta charset="utf-8"><title>Pictures</title>'];
  parts.push(`<style>${STYLE}</style><h1>What the browsers showed</h1><main>`);
  let heading;
  for (const name of names.sort()) {
    const first = name.split("-")[0].replace(".png", "");
    if (first !== heading) parts.push(`<h2>${first}</h2>`);
    heading = first;
    parts.push(`<figure><a href="${name}"><img src="${name}" alt="${name}" loading="lazy"></a>`);
    parts.push(`<figcaption>${name.replace(".png", "")}</figcaption></figure>`);
  }
  return `${parts.join("\n")}</main></html>\n`;
}

/** The mean colour of every field when a picture, or a box of it, is divided into columns and rows. */
export function tones(bytes, columns, rows, box) {
  const picture = PNG.sync.read(bytes);
  const { x, y, width, height } = box ?? { x: 0, y: 0, width: picture.width, height: picture.height };
  const fields = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const from = { x: x + (column * width) / columns, y: y + (row * height) / rows };
      const to = { x: x + ((column + 1) * width) / columns, y: y + ((row + 1) * height) / rows };
      fields.push(mean(picture, from, to));
    }
  }
  return fields;
}

function mean(picture, from, to) {
  const sum = [0, 0, 0];
  let count = 0;
  for (let y = Math.floor(from.y); y < Math.min(Math.ceil(to.y), picture.height); y += 1) {
    for (let x = Math.floor(from.x); x < Math.min(Math.ceil(to.x), picture.width); x += 1) {
      const at = (y * picture.width + x) * 4;
      const alpha = picture.data[at + 3] / 255;
      // what is transparent shows the white of nothing; the caller compares opaque pictures only
      for (let colour = 0; colour < 3; colour += 1) sum[colour] += picture.data[at + colour] * alpha + 255 * (1 - alpha);
      count += 1;
    }
  }
  return sum.map((total) => total / Math.max(count, 1));
}

/** How far two such divisions differ, and how much there is to see in the first: both from 0 to 255. */
export function compare(first, second) {
  const distance = (a, b) => Math.max(...a.map((value, colour) => Math.abs(value - b[colour])));
  const middle = [0, 1, 2].map((colour) => first.reduce((sum, field) => sum + field[colour], 0) / first.length);
  const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    difference: average(first.map((field, at) => distance(field, second[at]))),
    relief: average(first.map((field) => distance(field, middle))),
  };
}
