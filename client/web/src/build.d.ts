// What the build puts in, and what TypeScript does not know yet.

declare const WORKER_URL: string;
declare const WORKER_WITHOUT_WASM_URL: string;
/** Names this build, for the foot of the page. */
declare const BUILD: string;

declare module "*.ftl" {
  const text: string;
  export default text;
}
