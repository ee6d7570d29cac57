// The worker with the door in WebAssembly. It takes no file but the one whose digest was built in, and says so if the
// browser has no WebAssembly: the page then starts the other worker.

import { serve, type Exports } from "./answering";

async function open(): Promise<void> {
  new WebAssembly.Module(EMPTY_MODULE); // where it is forbidden, the name may be there all the same
  const request = { integrity: WASM_INTEGRITY, cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" } as const;
  const response = await fetch(WASM_URL, request);
  const { instance } = await WebAssembly.instantiate(await response.arrayBuffer());
  serve(instance.exports as unknown as Exports, "wasm");
}

const EMPTY_MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

open().catch((error: unknown) => postMessage({ failed: String(error) }));
