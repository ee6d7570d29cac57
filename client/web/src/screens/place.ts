// Step 2: the place. All places are on the page already; neither looking nor choosing makes a request. A field narrows the
// list, regions open and close without script of ours, and choosing is a radio button: all of it works by keyboard.

import { button, buttons, field } from "../field";
import { h, shown, type Child } from "../elements";
import type { Page } from "../page";
import type { Place } from "../places";
import type { Known } from "../sitting";

/** Lets somebody choose. */
export function showPlace(page: Page, known: Known): void {
  const draft = { typed: "" };
  const draw = (): Child[] => {
    const say = page.texts.say.bind(page.texts);
    const list = new PlaceList(page, known);
    const count = h("p", { id: "place-count", role: "status", class: "quiet" });
    const narrow = (): void => {
      const found = known.search.find(draft.typed);
      const typed = draft.typed.trim() !== "";
      list.show(typed ? found : null);
      const more = found.length > FOUND_SHOWN ? ` ${say("place-more", { shown: FOUND_SHOWN })}` : "";
      count.textContent = typed ? say("place-found", { count: found.length }) + more : "";
    };
    const filter = field({
      id: "place-filter",
      label: say("place-filter"),
      hint: say("place-filter-hint"),
      value: draft.typed,
      changed: (value) => {
        draft.typed = value;
        narrow();
      },
    });
    filter.input.addEventListener("focus", () => filter.element.scrollIntoView()); // room for what is found
    narrow();
    return [
      h("p", {}, say(page.sitting.way === "recover" ? "place-again" : "place-lead")),
      filter.element,
      count,
      list.element,
      list.foot,
    ];
  };
  page.show({ name: "place", step: 2, title: "place-title", draw });
}

class PlaceList {
  readonly element: HTMLElement;
  readonly foot: HTMLElement;
  readonly #page: Page;
  readonly #known: Known;
  readonly #regions: HTMLElement;
  readonly #found = h("div", { class: "found" });
  readonly #chosen = h("p", { id: "place-chosen", role: "status" });

  constructor(page: Page, known: Known) {
    this.#page = page;
    this.#known = known;
    this.#regions = h("div", { id: "place-regions" }, ...this.#allRegions());
    const legend = h("legend", { class: "unseen" }, page.texts.say("place-title"));
    this.element = h("fieldset", { id: "places" }, legend, this.#found, this.#regions);
    this.element.addEventListener("change", (event) => this.#choose(event.target));
    const goOn = (): void => {
      if (page.sitting.place === null) page.warn(page.texts.say("place-none"));
      else page.next();
    };
    this.foot = h(
      "div",
      { class: "foot" },
      this.#chosen,
      buttons(
        button("place-go-on", page.texts.say("go-on"), goOn, "main"),
        button("place-back", page.texts.say("back"), () => page.back()),
      ),
    );
    this.#tellChosen();
  }

  /** These places, or all regions. */
  show(found: Place[] | null): void {
    shown(this.#regions, found === null);
    shown(this.#found, found !== null);
    this.#found.replaceChildren(...(found ?? []).slice(0, FOUND_SHOWN).map((place) => this.#row(place, true)));
    // a place must not stand twice in one group of radio buttons
    this.#regions.querySelectorAll("details").forEach((region) => this.#fill(region, found === null));
  }

  #allRegions(): HTMLElement[] {
    const { texts } = this.#page;
    const { regions, places } = this.#known.places;
    const collator = new Intl.Collator(texts.language);
    const filled = new Set(places.map((place) => place.region));
    const named = regions
      .map((name, index) => ({ index, name: texts.of(name) }))
      .filter(({ index }) => filled.has(index));
    named.sort((a, b) => collator.compare(a.name, b.name));
    return named.map(({ index, name }) => {
      const region = h("details", { "data-region": index }, h("summary", { dir: "auto" }, name), h("div", {}));
      region.addEventListener("toggle", () => this.#fill(region, true));
      return region;
    });
  }

  /** Rows are made when a region opens: a thousand radio buttons are slow on a cheap phone. */
  #fill(region: HTMLDetailsElement, seen: boolean): void {
    const { texts } = this.#page;
    const rows: HTMLElement[] = [];
    if (seen && region.open) {
      const collator = new Intl.Collator(texts.language);
      const inside = this.#known.places.places.filter((place) => place.region === Number(region.dataset["region"]));
      inside.sort((a, b) => collator.compare(texts.of(a.name), texts.of(b.name)));
      rows.push(...inside.map((place) => this.#row(place, false)));
    }
    region.lastElementChild?.replaceChildren(...rows);
  }

  #row(place: Place, withRegion: boolean): HTMLElement {
    const { texts, sitting } = this.#page;
    const region = texts.of(this.#known.places.regions[place.region] ?? {});
    return h(
      "label",
      { class: "row" },
      h("input", {
        type: "radio",
        name: "place",
        value: place.index,
        checked: place.index === sitting.place,
        autocomplete: "off",
      }),
      h("span", { dir: "auto" }, texts.of(place.name), withRegion ? h("small", {}, region) : null),
    );
  }

  #choose(target: EventTarget | null): void {
    if (!(target instanceof HTMLInputElement) || target.name !== "place") return;
    this.#page.sitting.place = Number(target.value);
    this.#page.warn(null);
    this.#tellChosen();
  }

  #tellChosen(): void {
    const { texts, sitting } = this.#page;
    const place = this.#page.placeName(sitting.place);
    this.foot.classList.toggle("stays", sitting.place !== null);
    this.#chosen.textContent =
      sitting.place === null ? texts.say("place-not-yet") : texts.say("place-chosen", { place });
  }
}

/** More than this nobody reads; a longer word finds the rest. */
const FOUND_SHOWN = 40;
