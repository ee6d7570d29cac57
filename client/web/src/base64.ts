// base64url with padding, as all binary fields of Headcount are written in JSON.

/** Bytes as text. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_");
}

/** Text as bytes. Throws if it is no base64url. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Fewer than any engine's maximum of arguments. */
const PIECE = 8192;
