// The two browsers behind one small interface: Debian's Chromium by playwright-core, Debian's Firefox by puppeteer-core
// with the preferences of Tor Browser's levels (reference: toolkit/components/securitylevel). Nothing is judged here:
// what a page complained of, and what its worker took how long for, is only written down.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";
import { CHROMIUM, FLAGS } from "./chromium.mjs";
import { slowly } from "./slow.mjs";

// Nothing of its own: no updates, no telemetry, no portal, and no proxy but one that a test sets.
const QUIET = {
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.proxy.type": 0,
  "services.settings.server": "data:,#none",
  // a person's own wait, not the test's: a script may be as slow as it is
  "dom.max_script_run_time": 0,
};

const NO_COMPILERS = {
  "javascript.options.ion": false,
  "javascript.options.baselinejit": false,
  "javascript.options.native_regexp": false,
  "javascript.options.asmjs": false,
  "javascript.options.wasm": false,
  "mathml.disabled": true,
  "gfx.font_rendering.graphite.enabled": false,
  "gfx.font_rendering.opentype_svg.enabled": false,
};

/** Tor Browser's security levels as Firefox preferences. */
const LEVELS = {
  standard: {},
  safer: NO_COMPILERS,
  safest: { ...NO_COMPILERS, "svg.disabled": true, "javascript.enabled": false },
};

/** How long anything on the page may take to be ready to be pressed, in milliseconds. */
const PATIENCE = 20_000;

/** The languages that a browser would ask for: never the page's own business. */
const LANGUAGE = "en-US";

/**
 * Runs work(browser) with a browser and ends the browser, whatever happens.
 * @param {{browser: "chromium"|"firefox", level?: string, proxy?: number}} wanted which, and the port of a proxy
 */
export async function withBrowser(wanted, work) {
  const home = mkdtempSync(join(tmpdir(), "headcount-browser-"));
  const browser = wanted.browser === "firefox" ? await firefox(wanted, home) : await chromiumBrowser(wanted, home);
  try {
    return await work(browser);
  } finally {
    await browser.close().catch(() => {});
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function chromiumBrowser(_wanted, home) {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    env: { ...process.env, HOME: home },
  });
  return {
    name: "chromium",
    close: () => browser.close(),
    slowly: async (times, work) => slowly(await browser.newBrowserCDPSession(), times, work),
    /** A private window of its own with one tab. */
    async tab({ width = 1280, height = 900, dark = false, script = true, proxy } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        javaScriptEnabled: script,
        locale: LANGUAGE,
        ...(proxy && { proxy: { server: `http://127.0.0.1:${proxy}` } }),
      });
      const page = await context.newPage();
      const complaints = listen(page);
      if (script) await page.addInitScript(observe);
      return Object.assign(tab(page, complaints), {
        context,
        close: () => context.close(),
        resize: (to) => page.setViewportSize({ width: to, height }),
        dress: (isDark) => page.emulateMedia({ colorScheme: isDark ? "dark" : "light" }),
        until: (test, argument, timeout) => page.waitForFunction(test, argument, { timeout, polling: 50 }),
        write: (selector, words) => page.fill(selector, words, { timeout: PATIENCE }),
        press: (selector) => page.click(selector, { timeout: PATIENCE }),
      });
    },
  };
}

async function firefox({ level = "standard", proxy }, home) {
  const proxied = proxy && {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": proxy,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": proxy,
    "network.proxy.allow_hijacking_localhost": true,
    "network.proxy.no_proxies_on": "",
  };
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    headless: true,
    extraPrefsFirefox: { ...QUIET, "intl.accept_languages": LANGUAGE, ...LEVELS[level], ...proxied },
    // without the second a released Firefox does not heed where its own settings should come from
    env: { ...process.env, HOME: home, MOZ_REMOTE_SETTINGS_DEVTOOLS: "1" },
  });
  return {
    name: `firefox ${level}`,
    close: () => browser.close(),
    async tab({ width = 1280, height = 900 } = {}) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      await page.setViewport({ width, height });
      const complaints = listen(page);
      if (level !== "safest") await page.evaluateOnNewDocument(observe);
      return Object.assign(tab(page, complaints), {
        context,
        close: () => context.close(),
        resize: (to) => page.setViewport({ width: to, height }),
        until: (test, argument, timeout) => page.waitForFunction(test, { timeout, polling: 50 }, argument),
        write: (selector, words) => page.locator(selector).setTimeout(PATIENCE).fill(words),
        press: (selector) => page.locator(selector).setTimeout(PATIENCE).click(),
      });
    },
  };
}

/** What both libraries call the same. */
function tab(page, complaints) {
  return {
    page,
    complaints,
    go: (url) => page.goto(url, { waitUntil: "load", timeout: 30_000 }),
    look: (what, argument) => page.evaluate(what, argument),
    /** From its top: what stays in its place while a page is scrolled would otherwise stand in the middle of it. */
    picture: async (path, options = {}) => {
      await page.evaluate(() => scrollTo(0, 0));
      return page.screenshot({ path, fullPage: true, ...options });
    },
    /** Everything that went wrong in the page: console errors, uncaught errors, breaches of its policy. */
    async grievances() {
      const breaches = await page.evaluate(() => window.headcountBreaches ?? []).catch(() => []);
      return [...complaints, ...breaches];
    },
    /** Requests to the worker with the milliseconds until their answer, as the page saw them. */
    computing: () => page.evaluate(() => window.headcountComputing ?? []),
  };
}

function listen(page) {
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" || /Content.Security.Policy/i.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  return complaints;
}

/** Runs in the page before its own script: notes breaches of the policy, and how long the worker takes. */
function observe() {
  window.headcountBreaches = [];
  window.headcountComputing = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.headcountBreaches.push(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
  });
  const post = Worker.prototype.postMessage;
  const waiting = new Map();
  const known = new WeakSet();
  Worker.prototype.postMessage = function (message, ...rest) {
    if (!known.has(this)) {
      known.add(this);
      this.addEventListener("message", (event) => {
        const sent = waiting.get(event.data?.id);
        if (sent === undefined) return;
        waiting.delete(event.data.id);
        window.headcountComputing.push({ do: sent.do, ms: performance.now() - sent.at });
      });
    }
    // only the name of the call is kept: a request may hold secrets
    if (message?.id !== undefined) waiting.set(message.id, { do: message.request?.do, at: performance.now() });
    return post.call(this, message, ...rest);
  };
}
