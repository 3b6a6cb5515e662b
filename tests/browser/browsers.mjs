// Debian's browsers, headless, told to use loopback for media and nothing else of the network.
import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import { PATIENCE } from './deadline.mjs';
import { observe } from './observe.mjs';

const screenshots = fileURLToPath(new URL('../../target/screenshots', import.meta.url));

const chromium = () => ({
  executablePath: which('chromium'),
  args: [
    '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection',
    '--disable-features=WebRtcHideLocalIpsWithMdns',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
    '--use-fake-device-for-media-stream=fps=30', '--use-fake-ui-for-media-stream',
  ],
});

const firefox = () => ({
  browser: 'firefox', // over WebDriver BiDi
  executablePath: which('firefox-esr'),
  extraPrefsFirefox: {
    'media.peerconnection.ice.loopback': true,
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'media.autoplay.default': 0,
    'media.autoplay.blocking_policy': 0,
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
  },
});

export const kinds = { chromium, firefox };

function which(name) {
  const found = process.env.PATH.split(delimiter).map((folder) => join(folder, name)).find((path) => {
    try {
      return accessSync(path, constants.X_OK), true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error(`${name} is not installed: make setup`);
  return found;
}

export class Browser {
  #browser;
  #tabs = 0;

  static async launch(kind) {
    const browser = new Browser();
    browser.kind = kind;
    browser.#browser = await puppeteer.launch({ headless: true, timeout: PATIENCE, ...kinds[kind]() });
    return browser;
  }

  /** Opens a page in a tab of its own, observed from its first line on. */
  async open(url) {
    const page = await this.#browser.newPage();
    await page.setViewport({ width: 1280, height: 800 });
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on('response', (response) => response.status() >= 400 && complaints.push(`${response.url()}: ${response.status()}`));
    await page.evaluateOnNewDocument(observe);
    await page.goto(url);
    return new Tab(page, complaints, `${this.kind}-${++this.#tabs}`);
  }

  close() {
    return this.#browser.close();
  }

  /** As when the machine goes away: nothing is said to anybody. */
  kill() {
    this.#browser.process().kill('SIGKILL');
  }
}

export class Tab {
  #page;
  #name;

  constructor(page, complaints, name) {
    this.#page = page;
    this.#name = name;
    /** Everything a developer would see in red. */
    this.complaints = complaints;
  }

  /** Waits until a picture is there; answers when what happened, in milliseconds since navigation began. */
  async playing() {
    await this.#page.bringToFront();
    await this.#page.waitForFunction('observed.firstFrame && observed.connected', { timeout: PATIENCE });
    return this.#page.evaluate('observed.times()');
  }

  /** What the browser says of its reception, and what the strip of the picture on the screen says. */
  async look() {
    await this.#page.bringToFront();
    const seen = await this.#page.evaluate('observed.look()');
    const now = Number(process.hrtime.bigint() / 1_000_000n) >>> 0; // CLOCK_MONOTONIC, as the strip's
    return { ...seen, age: (now - seen.strip.captured) | 0 };
  }

  /** Waits until our page is in a state. */
  async reaches(state) {
    await this.#page.bringToFront(); // what is behind another tab is slow to notice
    await this.#page.waitForFunction((state) => framewire.state === state, { timeout: PATIENCE, polling: 50 }, state);
  }

  async press(selector) {
    await this.#page.bringToFront();
    await this.#page.click(selector);
  }

  async go(url) {
    await this.#page.goto(url);
  }

  async evaluate(...args) {
    return this.#page.evaluate(...args);
  }

  /** Lets the page call a function of ours. */
  expose(name, call) {
    return this.#page.exposeFunction(name, call);
  }

  /** As on a phone that is held upright. */
  phone() {
    return this.#page.setViewport({ width: 390, height: 844, deviceScaleFactor: 2 });
  }

  async screenshot(name = this.#name) {
    mkdirSync(screenshots, { recursive: true });
    await this.#page.bringToFront();
    await this.#page.screenshot({ path: join(screenshots, `${name}.png`) });
  }

  close() {
    return this.#page.close();
  }
}
