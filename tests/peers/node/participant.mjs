// A participant, an onlooker and a counterfeiter built on @cloudflare/privacypass-ts, a Privacy Pass library by others.
// It knows of Headcount what an outsider can read: the three hashes that make a nonce, and the paths.
//
// usage: node participant.mjs participate|counterfeit|verify, the request as JSON on standard input, the answer likewise.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
    AuthorizationHeader, AuthenticatorInput, getIssuerUrl, MediaType, publicVerif, sendTokenRequest, Token,
    TokenChallenge, TOKEN_TYPES, util, WWWAuthenticateHeader,
} from '@cloudflare/privacypass-ts';

const { BlindRSAMode, Client, getPublicKeyBytes, Issuer, Origin } = publicVerif;
const MODE = BlindRSAMode.PSS; // a salt of 48 bytes, RFC 9578 §6
const RSA = { name: 'RSA-PSS', hash: 'SHA-384', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };

const text = (bytes) => Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
// the library reads the whole of the buffer under an array, so each array gets a buffer of its own
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'base64url'));
const sha256 = (...parts) => Uint8Array.from(createHash('sha256').update(Buffer.concat(parts)).digest());
const random32 = () => crypto.getRandomValues(new Uint8Array(32));

// The library asks an issuer by TLS only, and loopback has none.
const overTls = globalThis.fetch;
globalThis.fetch = (url, options) => overTls(String(url).replace(/^https:/, 'http:'), options);

function uint32(number) {
    const out = Buffer.alloc(4);
    out.writeUInt32BE(number);
    return out;
}

/** The opening of a nonce, and the nonce: DESIGN §2 by its formulas. */
function choose(place, region) {
    const [placeSalt, regionSalt] = [random32(), random32()];
    const commit = (label, index, salt) => sha256(Buffer.from(`headcount/v1/${label}`), uint32(index), salt);
    const parts = [commit('place', place, placeSalt), commit('region', region, regionSalt)];
    const nonce = sha256(Buffer.from('headcount/v1/nonce'), ...parts);
    return { nonce, pledge: Uint8Array.from(Buffer.concat([uint32(place), placeSalt, regionSalt])) };
}

/** A TokenRequest of the library's own client. It draws the nonce before all else, so the first draw is answered with ours. */
async function requestFor(client, challenge, key, nonce) {
    const draw = crypto.getRandomValues;
    crypto.getRandomValues = (array) => {
        crypto.getRandomValues = draw;
        if (array.length !== nonce.length) {
            throw new Error('the first draw is not the nonce');
        }
        array.set(nonce);
        return array;
    };
    return client.createTokenRequest(challenge, key);
}

/** The challenge that the origin sends to whoever comes without a token. */
async function challenged(url) {
    const answer = await fetch(`${url}/pledges`, { method: 'POST' });
    const found = WWWAuthenticateHeader.parse(answer.headers.get('www-authenticate'));
    if (answer.status !== 401 || found.length !== 1) {
        throw new Error(`there is no single challenge in answer ${answer.status}`);
    }
    return found[0];
}

/** Directory, request, response, token: the issuance as the library does it, with the invite as bearer. */
async function obtain(header, challenge, invite, nonce) {
    const client = new Client(MODE);
    const request = await requestFor(client, challenge, header.tokenKey, nonce);
    const issuer = await getIssuerUrl(header.challenge.issuerName);
    const response = await sendTokenRequest(request.serialize(), issuer, new Headers({ authorization: `Bearer ${invite}` }));
    return client.finalize(client.deserializeTokenResponse(response));
}

async function redeem(url, authorization, pledge) {
    const headers = { authorization, 'content-type': 'application/vnd.headcount.pledge' };
    const answer = await fetch(`${url}/pledges`, { method: 'POST', headers, body: pledge });
    const body = new Uint8Array(await answer.arrayBuffer());
    if (answer.status >= 400) {
        return { status: answer.status, problem: JSON.parse(new TextDecoder().decode(body)).type };
    }
    return { status: answer.status, receipt: text(body) };
}

async function participate({ url, invite, place, region }) {
    const directory = await fetch(`${url}/.well-known/private-token-issuer-directory`);
    const listed = await directory.json();
    const header = await challenged(url);
    const { nonce, pledge } = choose(place, region);
    const token = await obtain(header, header.challenge, invite, nonce);
    const authorization = new AuthorizationHeader(token);
    return {
        directory_media_type: directory.headers.get('content-type') === MediaType.PRIVATE_TOKEN_ISSUER_DIRECTORY,
        directory_keys: listed['token-keys'].map((key) => [key['token-type'], text(bytes(key['token-key']))]),
        challenge: text(header.challenge.serialize()),
        token_key: text(header.tokenKey),
        chosen_nonce: text(nonce),
        token: text(token.serialize()),
        pledge: text(pledge),
        first: await redeem(url, authorization.toString(), pledge),
        again: await redeem(url, authorization.toString(), pledge),
        again_quoted: await redeem(url, authorization.toString(true), pledge),
    };
}

/** Tokens and pledges that must not count, by what is wrong with them, with the origin's answer to each. */
async function counterfeit({ url, invites, place, region }) {
    const header = await challenged(url);
    const { nonce, pledge } = choose(place, region);
    const token = await obtain(header, header.challenge, invites[0], nonce);
    const answers = {};
    const send = async (what, serialized, opening = pledge) => {
        answers[what] = await redeem(url, `PrivateToken token=${text(serialized)}`, opening);
    };
    const flipped = (array, at) => array.map((byte, index) => (index === at ? byte ^ 1 : byte));
    const good = token.serialize();
    const parts = { token_type: 1, nonce: 2, challenge_digest: 40, token_key_id: 97, authenticator: 98, last_byte: 353 };
    for (const [what, at] of Object.entries(parts)) {
        await send(`flipped ${what}`, flipped(good, at));
    }
    await send('another place', good, flipped(pledge, 3));
    await send('another place salt', good, flipped(pledge, 4));
    await send('another region salt', good, flipped(pledge, 67));

    // signed by the right issuer, who cannot see it, for a challenge of somebody else
    const { issuerName, originInfo } = header.challenge;
    const foreign = new TokenChallenge(TOKEN_TYPES.BLIND_RSA.value, issuerName, random32(), originInfo);
    await send('another challenge', (await obtain(header, foreign, invites[1], nonce)).serialize());

    // signed for the right challenge by an issuer of our own, first under its own key's name, then under the campaign's
    const pair = await Issuer.generateKey(MODE, RSA);
    const issuer = new Issuer(MODE, issuerName, pair.privateKey, pair.publicKey);
    const client = new Client(MODE);
    const spki = await getPublicKeyBytes(pair.publicKey);
    const response = await issuer.issue(await requestFor(client, header.challenge, spki, nonce));
    const forged = await client.finalize(response);
    await send('another key', forged.serialize());
    const { tokenType, challengeDigest } = forged.authInput;
    const claimed = new AuthenticatorInput(TOKEN_TYPES.BLIND_RSA, tokenType, nonce, challengeDigest, sha256(header.tokenKey));
    await send("another key under the campaign's name", new Token(TOKEN_TYPES.BLIND_RSA, claimed, forged.authenticator).serialize());
    return { answers, good: text(good), pledge: text(pledge) };
}

/** Which of these tokens the library's origin takes under a key. */
async function verify({ token_key: key, tokens }) {
    const imported = await crypto.subtle.importKey('spki', util.convertRSASSAPSSToEnc(bytes(key)), RSA, true, ['verify']);
    const origin = new Origin(MODE);
    const valid = tokens.map((token) => origin.verify(Token.deserialize(TOKEN_TYPES.BLIND_RSA, bytes(token)), imported));
    return { valid: await Promise.all(valid), key: text(await getPublicKeyBytes(imported)) };
}

const commands = { participate, counterfeit, verify };
const answer = await commands[process.argv[2]](JSON.parse(readFileSync(0, 'utf8')));
process.stdout.write(JSON.stringify(answer));
