// Echoes that a browser publishes to and watches, each answering offers: the demo's, and the same on another
// stack.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { within } from './deadline.mjs';
import { Demo } from './demo.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

export class DemoEcho {
  #demo;
  #rounds = 0;

  static async start() {
    const echo = new DemoEcho();
    echo.#demo = await Demo.start();
    echo.url = echo.#demo.url;
    return echo;
  }

  /** The answer to who publishes, or to who watches what was published last. */
  async answer({ offer, publishes }) {
    if (publishes) this.#rounds += 1;
    const endpoint = new URL(`/${publishes ? 'whip' : 'whep'}/echo${this.#rounds}`, this.url);
    const response = await fetch(endpoint, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: offer });
    if (response.status !== 201) throw new Error(`${endpoint}: ${response.status}`);
    return response.text();
  }

  stop() {
    return this.#demo.stop();
  }
}

export class OtherEcho {
  #child;
  #lines;

  static async start() {
    const echo = new OtherEcho();
    const script = `${root}tests/interop/echo.py`;
    echo.#child = spawn(`${root}target/interop/bin/python`, ['-B', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    echo.#lines = createInterface({ input: echo.#child.stdout });
    return echo;
  }

  async answer(asked) {
    this.#child.stdin.write(`${JSON.stringify(asked)}\n`);
    const [line] = await within(20_000, 'an answer of the other echo', once(this.#lines, 'line'));
    return JSON.parse(line).answer;
  }

  async stop() {
    this.#child.stdin.end();
    await within(10_000, 'the other echo to end', once(this.#child, 'exit'));
  }
}
