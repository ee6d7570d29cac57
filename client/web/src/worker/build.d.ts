// What the build puts into the workers.

declare const WASM_URL: string;
declare const WASM_INTEGRITY: string;

/** The door as JavaScript: what wasm2js makes of the very file at WASM_URL. */
declare module "door-without-wasm" {
  export const memory: { readonly buffer: ArrayBuffer };
  export function allocate(length: number): number;
  export function release(start: number, length: number): void;
  export function call(start: number, length: number): number;
}
