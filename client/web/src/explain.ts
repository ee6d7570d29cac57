// Whatever goes wrong, as one plain text that says what to do. It quotes nothing that a server said.

import { DoorGone, Mistake, NoDoor } from "./door";
import { Lost, Refused } from "./network";
import type { Texts } from "./texts";

/** The text for an error of the door or the network. */
export function explain(texts: Texts, error: unknown): string {
  if (error instanceof Mistake) return ofDoor(texts, error);
  if (error instanceof Refused) return ofServer(texts, error);
  if (error instanceof Lost) return texts.say("lost");
  if (error instanceof NoDoor) return texts.say("no-door");
  if (error instanceof DoorGone) return texts.say("door-gone");
  return texts.say("unexpected");
}

function ofDoor(texts: Texts, mistake: Mistake): string {
  const key = `mistake-${mistake.kind}`;
  const { group, count, position } = mistake.at;
  const numbers = { group: Number(group ?? 0), count: Number(count ?? 0), position: Number(position ?? 0) };
  return texts.knows(key) ? texts.say(key, numbers) : texts.say("unexpected");
}

function ofServer(texts: Texts, refused: Refused): string {
  const key = `problem-${refused.problem}`;
  const text = texts.knows(key) ? texts.say(key) : texts.say("problem-other");
  const seconds = refused.retryAfter;
  return seconds === null ? text : `${text} ${texts.say("asks-to-wait", { seconds })}`;
}
