// The one document: which screen is shown, in which language, and what happens around a step that takes time. Screens are
// drawn anew, never kept, so that nothing of an earlier one stays in the document.

import type { Door } from "./door";
import { h, shown, type Child } from "./elements";
import { explain } from "./explain";
import { fresh, type Known, type Sitting, type Way } from "./sitting";
import type { Texts } from "./texts";

/** What is shown: a heading, and all below it. Drawn again when the language changes, so drafts live outside `draw`. */
export interface Screen {
  /** For tests and style. */
  name: string;
  /** Which of the three steps it belongs to. */
  step: 1 | 2 | 3 | null;
  /** The key of its heading. */
  title: string;
  draw(): Child[];
}

/** The page and what it knows. */
export class Page {
  readonly texts: Texts;
  readonly door: Door;
  sitting: Sitting = fresh();
  known: Known | null = null;
  /** Whether a request with a secret may be under way, so that a pasted link must not take its place. */
  underWay = false;
  /** To the next screen, to the one before, and out of everything; set once by those who know how. */
  next: () => void = nowhere;
  back: () => void = nowhere;
  forget: () => void = nowhere;
  /** Begins another way, with the invite that is known already. */
  choose: (way: Way) => void = nowhere;
  readonly #main: HTMLElement;
  #screen: Screen | null = null;
  #alert = h("div", { id: "alert", role: "alert" });
  #busy = false;

  constructor(texts: Texts, door: Door, main: HTMLElement) {
    this.texts = texts;
    this.door = door;
    this.#main = main;
  }

  /** Shows a screen and moves the focus to its heading. */
  show(screen: Screen): void {
    this.#screen = screen;
    this.redraw();
    scrollTo(0, 0);
    this.#main.querySelector("h1")?.focus({ preventScroll: true });
  }

  /** Draws the same screen again, in the language of now. */
  redraw(): void {
    const screen = this.#screen;
    if (!screen) return;
    const heading = h("h1", { id: "heading", tabindex: -1 }, this.texts.say(screen.title));
    this.#alert = h("div", { id: "alert", role: "alert", class: "alert", hidden: true });
    this.#main.dataset["screen"] = screen.name;
    const above = [...this.#banner(), ...this.#steps(screen.step), heading, this.#alert];
    this.#main.replaceChildren(...nodes([...above, ...screen.draw()]));
  }

  /** Whether this screen is still the one shown. */
  shows(name: string): boolean {
    return this.#screen?.name === name;
  }

  /** Does something that takes time; meanwhile the buttons of the screen do nothing. What goes wrong is told above. */
  async act(work: () => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.#main.setAttribute("aria-busy", "true");
    this.warn(null);
    try {
      await work();
    } catch (error) {
      this.warn(explain(this.texts, error));
    } finally {
      this.#busy = false;
      this.#main.removeAttribute("aria-busy");
    }
  }

  /** Tells what is wrong, at the top of the screen; `null` takes it back. */
  warn(text: string | null): void {
    shown(this.#alert, text !== null);
    this.#alert.replaceChildren(text ?? "");
    if (text !== null) this.#alert.scrollIntoView({ block: "nearest" });
  }

  /** The name of a chosen place, with its region. */
  placeName(index: number | null): string {
    const list = this.known?.places;
    const place = index === null ? undefined : list?.places[index];
    if (!list || !place) return "";
    const [name, region] = [this.texts.of(place.name), this.texts.of(list.regions[place.region] ?? {})];
    return name === region ? name : this.texts.say("place-in-region", { place: name, region });
  }

  /** What stands above every screen once the campaign is known. */
  #banner(): Child[] {
    const campaign = this.known?.campaign;
    if (!campaign) return [];
    return [
      ...(campaign.rehearsal ? [h("p", { class: "rehearsal" }, this.texts.say("rehearsal"))] : []),
      h("p", { class: "campaign", dir: "auto" }, this.texts.of(campaign.title)),
    ];
  }

  #steps(step: number | null): Child[] {
    if (step === null) return [];
    const names = ["step-invite", "step-place", "step-register"].map((key) => this.texts.say(key));
    const item = (name: string, index: number): HTMLElement =>
      h("li", { "aria-current": index + 1 === step ? "step" : null, class: index + 1 < step ? "past" : null }, name);
    return [h("ol", { class: "steps", "aria-label": this.texts.say("steps") }, ...names.map(item))];
  }
}

function nodes(children: Child[]): (Node | string)[] {
  return children.filter((child): child is Node | string => child !== null && child !== false);
}

function nowhere(): void {
  throw new Error("the page has not begun");
}
