// A slower machine: the processes that render a page get one part of their time in so many, by stopping and continuing
// them; and how much slower that made them, measured by a fixed piece of work in the page's own worker. The protocol's
// own throttling is of no use: it slows the main thread down, and refuses workers.
//
// A busy machine is slow by itself, and then a pause costs little: the pace without pauses is the best of many short
// pieces, which somewhere had a processor to themselves.

import { Worker } from "node:worker_threads";

/** How long a process runs between two pauses, in milliseconds. */
export const TURN = 4;

/** In a thread of its own, so that nothing that a driver does makes a turn longer or shorter. */
const TURNS = `
const { workerData: { ids, times, turn, ended } } = require("node:worker_threads");
const flag = new Int32Array(ended);
const signal = (name) => {
  for (const id of ids) try { process.kill(id, name); } catch {} // one that was not needed any more
};
while (Atomics.load(flag, 0) === 0) {
  const begin = performance.now();
  Atomics.wait(flag, 0, 0, turn);
  signal("SIGSTOP");
  // by the time that it really had, which on a busy machine is more than it was given
  Atomics.wait(flag, 0, 0, (performance.now() - begin) * (times - 1));
  signal("SIGCONT");
}`;

/** Runs work() while everything that the Chromium behind this session renders is so many times slower. */
export async function slowly(session, times, work) {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const ids = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  const ended = new SharedArrayBuffer(4);
  const thread = new Worker(TURNS, { eval: true, workerData: { ids, times, turn: TURN, ended } });
  const over = new Promise((resolve, reject) => thread.once("exit", resolve).once("error", reject));
  try {
    return await work();
  } finally {
    const flag = new Int32Array(ended);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    await over;
  }
}

/** Milliseconds of each piece of the same work in the worker of a page, for so long. */
export function pieces(tab, milliseconds) {
  const [worker] = tab.page.workers();
  return worker.evaluate((long) => {
    const took = [];
    let sum = 1;
    for (let begin = performance.now(), last = begin; last - begin < long; ) {
      for (let turn = 0; turn < 1_000_000; turn += 1) sum = (Math.imul(sum, 31) + turn) | 0;
      const now = performance.now();
      took.push(now - last);
      last = now;
    }
    return sum === 0 ? [] : took; // so that nothing may be left out as useless
  }, milliseconds);
}
