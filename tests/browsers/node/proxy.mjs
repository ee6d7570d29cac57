// The road between a browser and everything else, as an HTTP proxy on this machine: it notes every request that leaves,
// to whichever host and on which connection, and breaks what it is told to break, once. Under the name localhost and
// its own port it is a copy of the server, as somebody might make one. It knows nothing of the pages.

import http from "node:http";

const ELSEWHERE = "<!doctype html><title>elsewhere</title>";

/** One request to whoever, as it left the browser. Neither bodies nor the values of headers are kept. */
function noted(road, request, url) {
  const note = {
    connection: number(road, request.socket),
    method: request.method,
    host: url.host,
    path: url.pathname + url.search,
    authorization: request.headers.authorization?.split(" ")[0] ?? null,
    cookie: "cookie" in request.headers,
    referer: request.headers.referer ?? null,
    sent: 0,
    status: null,
    broken: null,
  };
  road.requests.push(note);
  return note;
}

function number(road, socket) {
  if (!road.sockets.has(socket)) road.sockets.set(socket, road.sockets.size + 1);
  return road.sockets.get(socket);
}

/**
 * A fault: {path, method?, kind, ms?, body?}. It happens to the first request that it fits, then never again; a path may
 * end in `*`.
 * kind: "lose" the request never arrives; "late" it arrives ms later, whether or not the browser still waits; "drop" it
 * arrives, its answer does not; "delay" the answer comes ms later;
 * "double" it arrives twice, the second answer is passed on; "hold" the answer never comes while the browser waits;
 * "answer" the server never sees it, and `body` comes back as JSON with 200.
 */
function fault(road, note) {
  const fits = ({ path, method }) =>
    (path.endsWith("*") ? note.path.startsWith(path.slice(0, -1)) : note.path === path) &&
    (!method || method === note.method);
  const at = road.faults.findIndex(fits);
  return at < 0 ? null : road.faults.splice(at, 1)[0];
}

function forward(url, request, body) {
  return new Promise((resolve, reject) => {
    const headers = { ...request.headers, host: url.host };
    delete headers["proxy-connection"];
    const to = { host: url.hostname, port: url.port || 80, path: url.pathname + url.search };
    const sent = http.request({ ...to, method: request.method, headers, agent: false }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () =>
        resolve({ status: answer.statusCode, headers: answer.rawHeaders, body: Buffer.concat(parts) }));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function carry(road, request, response) {
  const url = new URL(request.url);
  const note = noted(road, request, url);
  if (url.host === `localhost:${road.port}`) url.host = road.hosts[0];
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  note.sent = body.length;
  const broken = fault(road, note);
  note.broken = broken?.kind ?? null;
  if (!road.hosts.includes(url.host)) return response.writeHead(200, { "content-type": "text/html" }).end(ELSEWHERE);
  if (broken?.kind === "lose") return request.socket.destroy();
  if (broken?.kind === "answer") {
    return response.writeHead(200, { "content-type": "application/json" }).end(broken.body);
  }
  if (broken?.kind === "late") await after(broken.ms);
  let answer = await forward(url, request, body);
  if (broken?.kind === "double") answer = await forward(url, request, body);
  note.status = answer.status;
  note.received = answer.body.length;
  if (broken?.kind === "hold") return; // the browser ends it, or the test
  if (broken?.kind === "delay") await after(broken.ms);
  if (broken?.kind === "drop" || response.destroyed) return request.socket.destroy();
  response.writeHead(answer.status, answer.headers); // "Connection: close" among them
  response.end(answer.body);
}

function after(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A secure connection to anywhere: noted, never made. */
function refuse(road, request, socket) {
  road.requests.push({ connection: number(road, socket), method: "CONNECT", host: request.url, path: "", sent: 0 });
  socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
}

/**
 * Runs work(road) with such a road to the server of this address, and of `others` that belong to the same campaign.
 * `road.requests` grows as requests leave; `road.faults` is what is still to be broken; `road.port` is where a browser
 * finds it.
 */
export async function withRoad(server, work, others = []) {
  const hosts = [server, ...others].map((address) => new URL(address).host);
  const road = { hosts, requests: [], faults: [], sockets: new Map(), port: 0 };
  const listener = http.createServer((request, response) => {
    carry(road, request, response).catch(() => request.socket.destroy());
  });
  const open = new Set();
  listener.on("connection", (socket) => {
    open.add(socket);
    socket.on("error", () => {}); // a browser that is closed leaves its requests
    socket.on("close", () => open.delete(socket));
  });
  listener.on("connect", (request, socket) => refuse(road, request, socket));
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  road.port = listener.address().port;
  try {
    return await work(road);
  } finally {
    for (const socket of open) socket.destroy();
    listener.close();
  }
}

/** Requests that pages made: whatever host they went to. */
export function ofPages(road) {
  return road.requests.filter(({ host }) => !BROWSERS_OWN.includes(host));
}

/** Hosts other than the campaign's that anything was sent to. */
export function strangers(road) {
  return [...new Set(ofPages(road).filter(({ host }) => !road.hosts.includes(host)).map(({ host }) => host))];
}

/**
 * Whom a browser asks by itself, whatever the page is: Chromium asks Google about each form that it sees, unless its user
 * has switched that off. No page can forbid it; its policy forbids the page the same.
 */
const BROWSERS_OWN = ["content-autofill.googleapis.com:443"];
