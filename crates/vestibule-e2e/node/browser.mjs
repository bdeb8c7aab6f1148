// Drives one headless Chromium. Commands are JSON lines on standard input, answers JSON lines on
// standard output: { id, do, … } gets { id, ok: value } or { id, error: text }.
//
// It knows nothing of what is tested: what is clicked and what must hold is said in Rust.

import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const { executable, patience_ms = 15000 } = JSON.parse(process.argv[2]);

const browser = await chromium.launch({
  executablePath: executable,
  headless: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
  ],
});

const contexts = [];
const pages = [];

// Everything a test may want to know about the page in front of the person.
const seen = (page) =>
  page.evaluate(() => ({
    url: location.href,
    title: document.title,
    language: document.documentElement.lang,
    headings: [...document.querySelectorAll("h1")].map((heading) => heading.textContent.trim()),
    text: document.body?.innerText ?? "",
    width: document.documentElement.scrollWidth,
    window: window.innerWidth,
    scripts: document.scripts.length,
    unlabelled: [...document.querySelectorAll("input:not([type=hidden]),select,textarea")]
      .filter((field) => !field.labels?.length && !field.ariaLabel)
      .map((field) => field.outerHTML),
    unnamed: [...document.querySelectorAll("a,button")]
      .filter((control) => !control.textContent.trim() && !control.ariaLabel)
      .map((control) => control.outerHTML),
  }));

// A click that may lead to another page is over when that page has loaded.
const settle = (page) => page.waitForLoadState("load");

const commands = {
  context: async ({ options = {} }) => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(patience_ms);
    return contexts.push(context) - 1;
  },
  page: async ({ context }) => {
    const page = await contexts[context].newPage();
    const complaints = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    return pages.push({ page, complaints }) - 1;
  },
  goto: async ({ page, url }) => {
    const response = await pages[page].page.goto(url);
    return { status: response?.status() ?? 0, headers: response?.headers() ?? {} };
  },
  reload: async ({ page }) => ({ status: (await pages[page].page.reload())?.status() ?? 0 }),
  back: async ({ page }) => ({ status: (await pages[page].page.goBack())?.status() ?? 0 }),
  click: async ({ page, selector }) => {
    await pages[page].page.click(selector);
    await settle(pages[page].page);
  },
  fill: ({ page, selector, value }) => pages[page].page.fill(selector, value),
  wait_for: ({ page, url }) => pages[page].page.waitForURL(new RegExp(url)),
  seen: ({ page }) => seen(pages[page].page),
  complaints: ({ page }) => pages[page].complaints,
  evaluate: ({ page, script, argument }) =>
    pages[page].page.evaluate(new Function("argument", `return (${script})(argument)`), argument),
  cookies: ({ context }) => contexts[context].cookies(),
  clear_cookies: ({ context }) => contexts[context].clearCookies(),
  size: ({ page, width, height }) => pages[page].page.setViewportSize({ width, height }),
  colours: ({ page, scheme }) => pages[page].page.emulateMedia({ colorScheme: scheme }),
  screenshot: ({ page, path }) =>
    pages[page].page.screenshot({ path, fullPage: true }).then(() => null),
};

const answer = (line) => process.stdout.write(JSON.stringify(line) + "\n");
answer({ event: "ready", version: browser.version() });

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: name, ...given } = JSON.parse(line);
  try {
    answer({ id, ok: (await commands[name](given)) ?? null });
  } catch (error) {
    answer({ id, error: String(error.message ?? error) });
  }
}
// Standard input is closed when the test is over, however it ended.
await browser.close();
