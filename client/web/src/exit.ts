// The quick exit: one press, or Escape three times, and the page is blank, the door told to forget, and the entry in the
// history replaced. It works before anything else does and needs nothing of it. What it cannot do stands beside it.

/** Makes the exit work. `forget` is run once the page is blank. */
export function guardExit(exit: HTMLAnchorElement, forget: () => void): void {
  const address = exit.href;
  const leave = (): void => {
    document.body.replaceChildren();
    try {
      forget();
    } finally {
      location.replace(address);
    }
  };
  exit.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  let pressed: number[] = [];
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat) return;
    pressed = [...pressed.filter((at) => event.timeStamp - at < ESCAPE_MILLISECONDS), event.timeStamp];
    if (pressed.length >= ESCAPES) leave();
  });
}

const ESCAPES = 3;
/** Within which the presses count as one wish. */
const ESCAPE_MILLISECONDS = 3000;
