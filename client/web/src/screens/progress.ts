// While it runs: where it is, a ring while it waits, and, when something fails, what to do and a button that sends the very
// same bytes again.

import { DoorGone, Mistake } from "../door";
import { h, shown, svg, type Child } from "../elements";
import { explain } from "../explain";
import { button, buttons } from "../field";
import { Refused } from "../network";
import type { Page } from "../page";
import { Run, type Stage } from "../run";
import type { Known } from "../sitting";
import { showCounted, showKept } from "./end";

/** Starts a run and shows it until its end. */
export function showProgress(page: Page, known: Known): void {
  const view = new View(page);
  const changed = (): void => {
    if (!page.shows("progress")) return;
    if (run.stage === "counted") showCounted(page, known);
    else if (run.stage === "kept") void page.act(async () => await showKept(page, known));
    else view.update(run);
  };
  const run = new Run(page, known, changed);
  view.run = run;
  page.show({ name: "progress", step: 3, title: "progress-title", draw: () => view.draw() });
  void run.go();
}

class View {
  run: Run | null = null;
  readonly #page: Page;
  #status = h("p", {});
  #parts: Record<"slow" | "waiting" | "failed" | "ways" | "open", HTMLElement> | null = null;
  #arc: SVGElement | null = null;
  #left = h("p", {});

  constructor(page: Page) {
    this.#page = page;
  }

  draw(): Child[] {
    const say = this.#page.texts.say.bind(this.#page.texts);
    this.#status = h("p", { id: "progress-status", role: "status" });
    const ways = buttons();
    this.#parts = {
      slow: h("p", { id: "progress-slow", class: "quiet" }, say("progress-slow")),
      waiting: h("div", { id: "progress-waiting", class: "waiting", hidden: true }),
      failed: h("div", { id: "failure", class: "alert", role: "alert" }),
      ways,
      open: h("p", { class: "quiet" }, say("progress-keep-open")),
    };
    if (this.run) this.update(this.run);
    const { slow, waiting, failed, open } = this.#parts;
    return [this.#status, slow, waiting, failed, ways, open];
  }

  update(run: Run): void {
    const parts = this.#parts;
    if (!parts) return;
    const failed = run.failure !== null;
    const status = this.#page.texts.say(`stage-${run.stage}`);
    if (this.#status.textContent !== status) this.#status.textContent = status;
    shown(this.#status, !failed);
    shown(parts.slow, !failed && COMPUTING.includes(run.stage));
    const waits = !failed && run.stage === "waiting";
    if (waits === parts.waiting.hidden) parts.waiting.replaceChildren(...(waits ? this.#ring() : []));
    shown(parts.waiting, waits);
    shown(parts.failed, failed);
    shown(parts.open, !failed || run.mayTryAgain);
    if (run.stage === "waiting") this.#turn(run);
    const told = failed ? this.#told(run) : "";
    if (parts.failed.textContent !== told) parts.failed.textContent = told;
    parts.ways.replaceChildren(...(failed ? this.#ways(run) : []));
  }

  #ring(): (HTMLElement | SVGElement)[] {
    const say = this.#page.texts.say.bind(this.#page.texts);
    const circle = { cx: 60, cy: 60, r: 52, fill: "none", "stroke-width": 10, pathLength: 100 };
    this.#arc = svg("circle", {
      ...circle,
      class: "arc",
      "stroke-dasharray": "100",
      "stroke-dashoffset": "100",
      transform: "rotate(-90 60 60)",
    });
    const picture = svg(
      "svg",
      { viewBox: "0 0 120 120", class: "ring", "aria-hidden": "true", focusable: "false" },
      svg("circle", { ...circle, class: "track" }),
      this.#arc,
    );
    this.#left = h("p", { id: "progress-left", role: "status" });
    return [
      picture,
      this.#left,
      h("p", { class: "quiet" }, say("waiting-why")),
      buttons(
        button("pledge-now", say("pledge-now"), () => this.run?.pledgeNow()),
        button("keep-token", say("keep-token"), () => this.run?.keepToken()),
      ),
    ];
  }

  /** The ring by seconds, the words by minutes: nobody has to hear a countdown. */
  #turn(run: Run): void {
    const passed = Date.now() - run.waitingSince;
    const share = run.waitingFor === 0 ? 1 : Math.min(1, passed / run.waitingFor);
    this.#arc?.setAttribute("stroke-dashoffset", String(Math.round(100 * (1 - share))));
    const minutes = Math.max(1, Math.ceil((run.waitingFor - passed) / 60_000));
    const text = this.#page.texts.say("waiting-left", { minutes });
    if (this.#left.textContent !== text) this.#left.textContent = text;
  }

  #told(run: Run): string {
    const { texts, sitting } = this.#page;
    const { failure, stage } = run;
    if (failure instanceof Mistake && failure.kind === "misbehaved") return texts.say(`misbehaved-${stage}`);
    if (failure instanceof Refused && failure.problem === "invite-used") return texts.say(`invite-used-${sitting.way}`);
    const text = explain(texts, failure);
    if (!run.mayTryAgain) return text;
    return `${text} ${texts.say("again-is-safe")}`;
  }

  #ways(run: Run): HTMLElement[] {
    const page = this.#page;
    const say = page.texts.say.bind(page.texts);
    if (run.failure instanceof DoorGone) return [button("reload", say("start-again"), () => location.reload(), "main")];
    const used = run.failure instanceof Refused && run.failure.problem === "invite-used";
    const unknown = run.failure instanceof Refused && run.failure.problem === "invite-unknown";
    const retype = (): void => {
      page.sitting.invited = false;
      page.choose("register");
    };
    return [
      ...(run.mayTryAgain ? [button("try-again", say("try-again"), () => void run.go(), "main")] : []),
      ...(used ? [button("have-first-phrase", say("have-first-phrase"), () => page.choose("recover"), "main")] : []),
      ...(unknown ? [button("type-again", say("type-again"), retype, "main")] : []),
      ...(page.sitting.token !== null && run.mayTryAgain
        ? [button("keep-token", say("keep-token"), () => run.keepToken())]
        : []),
      button("forget", say("forget"), () => page.forget()),
    ];
  }
}

const COMPUTING: Stage[] = ["blinding", "unblinding", "pledging"];
