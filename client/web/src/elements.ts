// Makes elements. The only way to text is a text node and the only way to markup is by name, so that nothing which a
// campaign or a server says can become markup.

type Listener = (event: Event) => void;
type Value = string | number | boolean | null | Listener;
/** What can stand in an element; `null` and `false` are left out. */
export type Child = Node | string | null | false;

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, listeners (`onclick: …`) and children. `true` is an empty attribute, `false` and `null` none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  fill(element, attributes, children);
  return element;
}

/** The same for SVG. */
export function svg(name: string, attributes: Record<string, Value> = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  fill(element, attributes, children);
  return element;
}

/** Shows or hides. */
export function shown(element: HTMLElement, yes: boolean): void {
  element.hidden = !yes;
}

function fill(element: Element, attributes: Record<string, Value>, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, String(value));
  }
  for (const child of children) {
    if (child !== null && child !== false) element.append(child);
  }
}
