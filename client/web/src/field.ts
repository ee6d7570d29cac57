// Fields and buttons: each with its label, its hint and room for its mistake, all tied together for those who listen.
// Nothing typed is completed, corrected, checked for spelling or remembered by the browser.

import { h, shown, type Child } from "./elements";

/** A field to type in. */
export interface Field {
  element: HTMLElement;
  input: HTMLInputElement | HTMLTextAreaElement;
  /** Tells what is wrong with it and goes there; `null` takes it back. */
  wrong(text: string | null): void;
}

interface FieldOptions {
  id: string;
  label: string;
  hint?: string;
  /** More than one makes it a larger field. */
  rows?: number;
  /** What it holds is Latin letters and digits, whatever the language around it. */
  latin?: boolean;
  value: string;
  changed(value: string): void;
}

/** A labelled field. */
export function field({ id, label, hint, rows = 1, latin, value, changed }: FieldOptions): Field {
  const error = h("p", { id: `${id}-error`, class: "error", hidden: true });
  const attributes = {
    id,
    autocomplete: "off",
    autocorrect: "off",
    autocapitalize: "off",
    spellcheck: "false",
    dir: latin ? "ltr" : "auto",
    class: latin ? "latin" : null,
    "aria-describedby": `${hint ? `${id}-hint ` : ""}${id}-error`,
    oninput: () => changed(input.value),
  };
  const input = rows > 1 ? h("textarea", { ...attributes, rows }) : h("input", { ...attributes, type: "text" });
  input.value = value;
  const hintElement = hint ? h("p", { id: `${id}-hint`, class: "quiet" }, hint) : null;
  const element = h("div", { class: "field" }, h("label", { for: id }, label), hintElement, error, input);
  const wrong = (text: string | null): void => {
    error.textContent = text ?? "";
    shown(error, text !== null);
    if (text === null) return input.removeAttribute("aria-invalid");
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  return { element, input, wrong };
}

/** A button; `main` is the one to go on with. */
export function button(
  id: string,
  text: string,
  pressed: () => void,
  kind: "main" | "plain" | "link" = "plain",
): HTMLElement {
  return h("button", { id, type: "button", class: kind, onclick: pressed }, text);
}

/** Buttons in a row, below each other on a narrow screen. */
export function buttons(...children: Child[]): HTMLElement {
  return h("div", { class: "buttons" }, ...children);
}

/** One of several choices with a sentence about each. */
export interface Choice<T extends string> {
  value: T;
  label: string;
  hint?: string;
}

/** A group of radio buttons. */
export function choices<T extends string>(
  name: string,
  legend: string,
  list: Choice<T>[],
  chosen: T | null,
  changed: (value: T) => void,
): HTMLFieldSetElement {
  const row = ({ value, label, hint }: Choice<T>): HTMLElement => {
    const id = `${name}-${value}`;
    const input = h("input", {
      type: "radio",
      name,
      id,
      value,
      checked: value === chosen,
      autocomplete: "off",
      "aria-describedby": hint ? `${id}-hint` : null,
      onchange: () => changed(value),
    });
    const words = h(
      "div",
      {},
      h("label", { for: id }, label),
      hint ? h("p", { id: `${id}-hint`, class: "quiet" }, hint) : null,
    );
    return h("div", { class: "choice" }, input, words);
  };
  return h("fieldset", { id: name }, h("legend", {}, legend), ...list.map(row));
}

/** Persian and Arabic digits as the ones that codes and phrases are written in. */
export function asciiDigits(text: string): string {
  return text.replace(/[۰-۹٠-٩]/g, (digit) => String((digit.codePointAt(0) ?? 0) & 0xf));
}
