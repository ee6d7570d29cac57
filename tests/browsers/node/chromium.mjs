// Debian's Chromium as everything that drives it here starts it: alone, and asking nobody of its own accord.

/** The program. */
export const CHROMIUM = "/usr/bin/chromium";

/** What it is started with, whoever starts it. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
