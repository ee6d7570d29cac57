// The page's side of the door's C ABI (client/src/wasm.rs), the same for WebAssembly and its twin: a request goes in as
// JSON and the answer comes out as JSON. What passes through is written over as soon as it was read.

/** The exports of the door. */
export interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  allocate(length: number): number;
  release(start: number, length: number): void;
  call(start: number, length: number): number;
}

/** Asks the door. It answers every request; an exception means that it is broken and must not be asked again. */
export function ask(door: Exports, request: unknown): unknown {
  const bytes = new TextEncoder().encode(JSON.stringify(request));
  const start = door.allocate(bytes.length);
  view(door, start, bytes.length).set(bytes);
  bytes.fill(0);
  const answer = door.call(start, bytes.length);
  door.release(start, bytes.length);
  const length = new DataView(door.memory.buffer).getUint32(answer, true);
  const text = new TextDecoder().decode(view(door, answer + 4, length));
  door.release(answer, 4 + length);
  return JSON.parse(text);
}

/** Tries the door, tells the page that it is open, and answers it from now on. An exception means that it is of no use. */
export function serve(door: Exports, how: "wasm" | "javascript"): void {
  const tried = JSON.stringify(ask(door, { do: "phrase", entropy: "A".repeat(22) + "==" }));
  if (!tried.includes('"abandon","about"')) throw new Error("the door does not compute");
  ask(door, { do: "forget" });
  onmessage = (event: MessageEvent<{ id: number; request: unknown }>) => {
    postMessage({ id: event.data.id, answer: ask(door, event.data.request) });
  };
  postMessage({ ready: true, how });
}

/** Memory moves when it grows, so a view is good for one use. */
function view(door: Exports, start: number, length: number): Uint8Array {
  return new Uint8Array(door.memory.buffer, start, length);
}
