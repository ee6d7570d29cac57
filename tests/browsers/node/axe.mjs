// axe-core on a page as it stands: WCAG 2.0 to 2.2, levels A and AA, and its best practices; and whether a narrow window
// has to be scrolled sideways.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The rules of the page's colours, which are all that can differ between light and dark. */
const COLOURS = { type: "rule", values: ["color-contrast", "link-in-text-block"] };

/**
 * What it finds: one line per violation, with the first elements that it concerns. `coloursOnly` is for a page that was
 * looked at in other colours just before.
 */
export async function violations(tab, coloursOnly = false) {
  if (!(await tab.look(() => "axe" in window))) await tab.look(SOURCE);
  const look = (rules) => window.axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  const found = await tab.look(look, coloursOnly ? COLOURS : TAGS);
  if (found.passes.length < (coloursOnly ? 1 : 10)) return [`axe-core looked at next to nothing: ${found.passes.length} rules passed`];
  return found.violations.map(({ id, impact, nodes }) => {
    const where = nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.failureSummary})`);
    return `${id} (${impact}), ${nodes.length} times: ${where.join(" | ")}`.replaceAll(/\s+/g, " ");
  });
}

/** Pixels that stand out of the window sideways, and what does. */
export function overflow(tab) {
  return tab.look(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const out = [...document.body.querySelectorAll("*")].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && (right > clientWidth + 1 || left < -1);
    });
    const named = out.slice(0, 5).map((element) => `${element.tagName}.${element.className?.baseVal ?? element.className}`);
    return { pixels: scrollWidth - clientWidth, elements: named };
  });
}
