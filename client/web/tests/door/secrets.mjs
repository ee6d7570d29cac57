// Every secret of the vectors' participation in every form in which it can lie in a memory: as bytes, as a number from
// either end, and as the texts that requests and answers hold. For the search in ../door.mjs.

/** Name → forms. */
export function secrets(vector) {
  const bytes = (name) => Buffer.from(vector[name], "hex");
  const key = Buffer.from(vector.token_key, "base64url");
  const modulus = number(key.subarray(key.length - 5 - RSA_BYTES, key.length - 5)); // behind it stands the exponent 65537
  const factor = number(bytes("blinding_factor"));
  const unblinding = Buffer.from(inverse(factor, modulus).toString(16).padStart(2 * RSA_BYTES, "0"), "hex");
  const words = vector.phrase_words.split(" ");
  const numbers = vector.phrase_numbers.split(" ");
  const indexes = Buffer.alloc(2 * numbers.length);
  numbers.forEach((text, index) => indexes.writeUInt16LE(Number(text) - 1, 2 * index));
  const code = vector.invite_code;
  return new Map([
    ["entropy", coded(bytes("phrase_seed"))],
    ["words", [words.join(" "), words.join('","'), numbers.join(" "), numbers.join(","), indexes].map(Buffer.from)],
    ["invite", [Buffer.from(code), Buffer.from(code.split("-").join('","')), crockford(code)]],
    ["place salt", coded(bytes("place_salt"))],
    ["region salt", coded(bytes("region_salt"))],
    ["pledge", coded(bytes("pledge"))],
    ["key of the blinding", coded(bytes("blind"))],
    ["salt of the signature", coded(bytes("pss_salt"))],
    ["blinding factor", coded(bytes("blinding_factor"))],
    ["what unblinds", coded(unblinding)],
    ["signature", coded(bytes("token").subarray(-RSA_BYTES))],
    ["token", coded(bytes("token"))],
    ["nonce", coded(bytes("nonce"))],
  ]);
}

/** The parts of a form of which not one may be left: all that are long enough to mean nothing else. */
export function windows(form) {
  const length = Math.min(form.length, WINDOW_BYTES);
  return Array.from({ length: form.length - length + 1 }, (_, start) => form.subarray(start, start + length));
}

/** Bytes as they are, from the other end, in base64url and in hexadecimal. */
function coded(bytes) {
  const text = bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  return [bytes, Buffer.from(bytes).reverse(), Buffer.from(text), Buffer.from(bytes.toString("hex"))];
}

/** The bytes of an invite code: 5 bits for each letter. */
function crockford(code) {
  const bits = [...code.replaceAll("-", "")].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0"));
  return Buffer.from(bits.join("").match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

function number(bytes) {
  return BigInt(`0x${bytes.toString("hex")}`);
}

/** The inverse in the numbers below `modulus`. */
function inverse(value, modulus) {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
}

const RSA_BYTES = 256;
const WINDOW_BYTES = 12;
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
