// Shows one code after the other, each once: on a key, a click or by the clock, and never because one was used, which
// nothing here could know. What was shown leaves the document. The browser notes how many were shown, and not which, so
// that the same page goes on behind them when it is reloaded.
"use strict";
{
  const stack = document.getElementById("stack").content;
  const stage = document.getElementById("stage");
  const left = document.getElementById("left");
  const timer = document.getElementById("timer");
  const { page } = document.body.dataset;
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const ONWARD = [" ", "Enter", "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "PageDown", "PageUp"];
  let shown = history.state?.page === page ? history.state.shown : 0;
  let waiting;

  const count = () => {
    left.textContent = number.format(stack.childElementCount);
  };

  const wait = () => {
    clearTimeout(waiting);
    const seconds = Number(timer.value);
    if (seconds > 0 && document.body.dataset.state === "show") waiting = setTimeout(next, seconds * 1000);
  };

  function next() {
    const code = stack.firstElementChild;
    if (code) history.replaceState({ page, shown: (shown += 1) }, ""); // before anybody sees it
    stage.replaceChildren(...(code ? [code] : []));
    document.body.dataset.state = code ? "show" : "over";
    count();
    wait();
  }

  for (let gone = 0; gone < shown; gone += 1) stack.firstElementChild?.remove();
  count();
  timer.addEventListener("change", wait);

  addEventListener("keydown", (event) => {
    const { key, target, repeat } = event;
    if (!ONWARD.includes(key) || event.ctrlKey || event.altKey || event.metaKey || target.closest("select")) return;
    const pressesButton = target.closest("button") && (key === " " || key === "Enter"); // its click comes by itself
    if (pressesButton && !repeat) return;
    event.preventDefault();
    if (!repeat) next(); // a key that is held down shows one
  });
  addEventListener("click", ({ target, detail }) => {
    const anywhere = document.body.dataset.state === "show" && !target.closest("footer");
    if (detail < 2 && (anywhere || target.closest(".next"))) next(); // a double click shows one
  });
  addEventListener("beforeunload", (event) => {
    if (shown > 0 && stack.childElementCount > 0) event.preventDefault(); // by accident what is left would be lost
  });
}
