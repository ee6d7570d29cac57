// A registration as a person goes through it, by the names that the page's screens, fields and buttons have. After every
// screen `seen(name)` is told, so that a driver can look at it; nothing is judged here.

/** Where the page is. */
export const JOIN = "/join";

/** Waits until a screen is there and has nothing more to do. */
export async function at(tab, screen, milliseconds = 20_000) {
  const there = (name) => {
    const main = document.getElementById("main");
    return main?.dataset.screen === name && !main.hasAttribute("aria-busy");
  };
  try {
    await tab.until(there, screen, milliseconds);
  } catch (error) {
    const now = await tab.look(() => `${document.getElementById("main")?.dataset.screen}: ${document.body.innerText}`);
    const wrong = (await tab.grievances()).join("\n");
    throw new Error(`the screen "${screen}" does not come; there is ${now}\n${wrong}`, { cause: error });
  }
}

/** Opens the page, which has to be loaded anew for it: in one that is open a link loads nothing. */
export async function load(tab, address, language) {
  await tab.go("about:blank");
  await tab.go(address);
  if (language) await tab.press(`#language-${language}`);
}

/** The twelve words that are shown. */
export function words(tab, list = "phrase-words") {
  const read = (id) => [...document.querySelectorAll(`#${id} b`)].map((word) => word.textContent).join(" ");
  return tab.look(read, list);
}

/** Step 1 from a link to the chosen campaign: the words are the same. */
export async function open(tab, link, seen = ignore) {
  await tab.go(link);
  await at(tab, "words");
  await seen("words");
  await tab.press("#words-same");
}

/** Step 2: finds a place by its name and takes it. */
export async function choose(tab, { place, called }, seen = ignore) {
  await at(tab, "place");
  await seen("place");
  await tab.write("#place-filter", called);
  const row = `input[name=place][value="${place}"]`;
  await tab.until((selector) => document.querySelector(selector) !== null, row, 5_000);
  await seen("place-found");
  await tab.press(row);
  await seen("place-chosen");
  await tab.press("#place-go-on");
}

/** Step 3 up to the button: when the pledge is to follow. */
export async function agree(tab, when, seen = ignore) {
  await at(tab, "register");
  await tab.press(`#when-${when}`);
  await seen("register");
  await tab.press("#register-button");
}

/** The words are shown before the first request; they come back. */
export async function keepWords(tab, seen = ignore) {
  await at(tab, "phrase");
  await seen("phrase");
  const phrase = await words(tab);
  await tab.press("#phrase-have");
  return phrase;
}

/** All of it but the end: what comes after the words depends on the network. Gives the words. */
export async function register(tab, { link, place, called, when = "now" }, seen = ignore) {
  await open(tab, link, seen);
  await choose(tab, { place, called }, seen);
  await agree(tab, when, seen);
  return await keepWords(tab, seen);
}

/** After an accident: the same invite, the same words, the same place. */
export async function recover(tab, { link, place, called, phrase }, seen = ignore) {
  await tab.go(link);
  await goOn(tab, { place, called, phrase }, seen);
}

/** The same once the link was read. */
export async function goOn(tab, { place, called, phrase }, seen = ignore) {
  await at(tab, "words");
  await tab.press("#have-phrase");
  await at(tab, "words");
  await tab.press("#words-same");
  await at(tab, "recover");
  await tab.write("#phrase-text", phrase);
  await seen("recover");
  await tab.press("#recover-go-on");
  await choose(tab, { place, called });
  await agree(tab, "now");
}

/** A later sitting with a kept token: up to the button. */
export async function comeBack(tab, { url, token, phrase, language }, seen = ignore) {
  await load(tab, `${url}${JOIN}`, language);
  await at(tab, "invite");
  await tab.press("#have-token");
  await at(tab, "return");
  await tab.write("#token-text", token);
  await tab.write("#phrase-text", phrase);
  await seen("return");
  await tab.press("#return-go-on");
}

/** Leaves nothing behind, and gives what is still there. */
export async function forget(tab) {
  await tab.press("#forget");
  await tab.until(() => document.getElementById("forgotten") !== null, null, 5_000);
  return tab.look(() => document.body.innerText);
}

async function ignore() {}
