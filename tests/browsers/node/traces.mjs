// What a sitting leaves behind in the browser, as far as a browser tells: address, history, and every kind of store.

/** Everything that a page can keep, which has to be nothing. */
export async function kept(tab) {
  const told = await tab.look(async () => ({
    cookies: document.cookie,
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    window_name: window.name,
  }));
  const jar = await tab.context.cookies();
  return { ...told, jar: jar.length };
}

/** Where the browser says that it is, and how many entries its history has. */
export async function whereabouts(tab) {
  const [href, length] = await tab.look(() => [location.href, history.length]);
  return { href, bar: tab.page.url(), length };
}

/** Addresses in the history of the tab; only Chromium tells. */
export async function history(tab) {
  const session = await tab.context.newCDPSession(tab.page);
  const { entries } = await session.send("Page.getNavigationHistory");
  return entries.map(({ url, userTypedURL }) => ({ url, typed: userTypedURL }));
}

/** Notes on which connection each request goes; only Chromium tells. Call before the page is loaded. */
export async function watchConnections(tab) {
  const session = await tab.context.newCDPSession(tab.page);
  await session.send("Network.enable");
  const sent = new Map();
  const seen = [];
  session.on("Network.requestWillBeSent", ({ requestId, request }) => sent.set(requestId, request));
  session.on("Network.responseReceived", ({ requestId, response }) => {
    const { method, url } = sent.get(requestId) ?? {};
    seen.push({ method, path: new URL(url ?? response.url).pathname, connection: response.connectionId });
  });
  return seen;
}
