// What the tests start: `node drive.mjs MODULE FUNCTION`, a request as JSON on standard input, the answer as one line of
// JSON on standard output. It judges nothing; whatever goes wrong ends it with a sentence and code 1.

import { text } from "node:stream/consumers";
import { inspect } from "node:util";

const MODULES = {
  organisers: () => import("./organisers.mjs"),
  cards: () => import("./cards.mjs"),
  overview: () => import("./overview.mjs"),
  join: () => import("./join.mjs"),
  mishaps: () => import("./mishaps.mjs"),
  mistakes: () => import("./mistakes.mjs"),
  sittings: () => import("./sittings.mjs"),
  life: () => import("./life.mjs"),
  email: () => import("./email.mjs"),
  exit: () => import("./exit.mjs"),
  walk: () => import("./walk.mjs"),
};

try {
  const [module, name] = process.argv.slice(2);
  const run = (await MODULES[module]())[name];
  const answer = await run(JSON.parse(await text(process.stdin)));
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));
} catch (error) {
  process.stderr.write(`${inspect(error)}\n`, () => process.exit(1));
}
