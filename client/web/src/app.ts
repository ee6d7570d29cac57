// The registration page. START HERE: first the link's secret leaves the address bar, then the exit works, then all else.
//
// It keeps nothing: no cookie, no storage, no service worker; one document, one entry in the history. Everything secret is
// behind the door (door.ts); what is sent, and when, is decided in run.ts alone.

import { apart, onFragment } from "./fragment";
import { Door } from "./door";
import { guardExit } from "./exit";
import { h } from "./elements";
import { Flow } from "./flow";
import { Page } from "./page";
import { LANGUAGES, preferred, Texts, type Language } from "./texts";
import { nothingLeft } from "./screens/end";

const door = new Door((how) => foot(`how-${how}`));
guardExit(found("exit") as HTMLAnchorElement, () => door.shut());

const texts = new Texts();
const page = new Page(texts, door, found("main"));
const flow = new Flow(page);

page.forget = () => {
  door.shut();
  nothingLeft(page);
};

const fragment = onFragment((pasted) => {
  if (page.underWay) page.warn(texts.say("link-under-way"));
  else void flow.begin(apart(pasted).link);
});
const { language, link } = apart(fragment);
speak(preferred(language));
void flow.begin(link);

// A page that is left is not to come back from the browser's memory with all that was on it.
addEventListener("pagehide", () => door.shut());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

/** Changes the language of everything that is shown. */
function speak(language: Language): void {
  texts.speak(language);
  document.title = texts.say("page-title");
  found("exit").textContent = texts.say("exit");
  found("exit-limits").textContent = texts.say("exit-limits");
  const item = ({ tag, name, short }: (typeof LANGUAGES)[number]): HTMLElement => {
    const pressed = tag === language ? "true" : "false";
    const choose = (): void => {
      speak(tag);
      page.redraw();
      found(`language-${tag}`).focus();
    };
    const attributes = { id: `language-${tag}`, type: "button", lang: tag, "aria-pressed": pressed, onclick: choose };
    return h("button", attributes, h("span", { "aria-hidden": "true" }, short), h("span", { class: "unseen" }, name));
  };
  const languages = found("languages");
  languages.setAttribute("aria-label", texts.say("languages"));
  languages.replaceChildren(...LANGUAGES.map(item));
  const how = found("how").dataset["key"];
  if (how) foot(how);
  found("licences").textContent = texts.say("licences");
  found("build").textContent = texts.say("build", { build: BUILD, host: location.host });
}

/** Says at the foot which of the two computes, or that neither does. */
function foot(key: string): void {
  const how = found("how");
  how.dataset["key"] = key;
  how.textContent = texts.say(key);
}

function found(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(id);
  return element;
}
