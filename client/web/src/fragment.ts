// The first act of the page: what stands behind the # of an invite link is taken out of the address bar and the history
// before anything else runs. Import this file before all others. It must never send, store or show what it takes.

let kept = take();
let told: ((fragment: string) => void) | null = null;

function take(): string {
  const fragment = location.hash.slice(1);
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

/** The value of a member like `l=ru`; the invite's own members are read by the door, not here. */
export function member(fragment: string, name: string): string | null {
  for (const part of fragment.split("&")) {
    if (part.startsWith(`${name}=`)) return part.slice(name.length + 1);
  }
  return null;
}
