// The first act of the page: what stands behind the # of an invite link is taken out of the address bar and the history
// before anything else runs. Import this file before all others. It must never send, store or show what it takes.

let kept = take();
let told: ((fragment: string) => void) | null = null;

function take(): string {
  const fragment = location.hash;
  if (/[#?]/.test(location.href)) {
    history.replaceState(null, "", location.pathname);
  }
  return fragment;
}

// A link that is pasted into the address bar of the open page loads nothing: only this event tells of it.
addEventListener("hashchange", () => {
  const fragment = take();
  if (fragment === "") return;
  if (told) told(fragment);
  else kept = fragment;
});

/** Hands over the fragment of the page's own address, once, and every later one. */
export function onFragment(tell: (fragment: string) => void): string {
  told = tell;
  const fragment = kept;
  kept = "";
  return fragment;
}

/** A link or its fragment without what is only for the page, its language; the rest is read by the door, not here. */
export function apart(text: string): { language: string | null; link: string } {
  const at = text.indexOf("#");
  if (at < 0) return { language: null, link: text };
  const members = text
    .slice(at + 1)
    .replace(/\s+/g, "")
    .split("&"); // mail programs break long links
  const language = members.find((member) => member.startsWith(LANGUAGE))?.slice(LANGUAGE.length) ?? null;
  const rest = members.filter((member) => member !== "" && !member.startsWith(LANGUAGE)).join("&");
  return { language, link: rest === "" ? "" : `${text.slice(0, at).trim()}#${rest}` };
}

const LANGUAGE = "l=";
