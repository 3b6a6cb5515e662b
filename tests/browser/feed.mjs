// The program whose results browsers take, as a child process: orders and answers are lines of JSON. And a slow
// road to it.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PATIENCE, within } from './deadline.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = process.env.FRAMEWIRE_FEED ?? `${root}target/debug/examples/feed`;

export class Feed {
  #child;
  #exit;
  #said = []; // that nobody asked for yet
  #heard = () => {};

  static async start(...what) {
    const feed = new Feed();
    feed.#child = spawn(program, what, { stdio: ['pipe', 'pipe', 'inherit'] });
    feed.#exit = once(feed.#child, 'exit');
    createInterface({ input: feed.#child.stdout }).on('line', (line) => {
      feed.#said.push(JSON.parse(line));
      feed.#heard();
    });
    ({ url: feed.url } = await feed.says('url'));
    return feed;
  }

  order(what) {
    this.#child.stdin.write(`${JSON.stringify(what)}\n`);
  }

  /** The next answer that has that key. */
  async says(key, deadline = PATIENCE) {
    const found = async () => {
      for (;;) {
        const at = this.#said.findIndex((said) => key in said);
        if (at >= 0) return this.#said.splice(at, 1)[0];
        await new Promise((resolve) => (this.#heard = resolve));
      }
    };
    return within(deadline, `an answer with "${key}"`, found());
  }

  async answer(offer) {
    this.order({ offer });
    return (await this.says('answer')).answer;
  }

  /** Has it say the last word and end; what it says of that. */
  async end() {
    this.order({ end: true });
    return this.ended();
  }

  async ended(deadline = PATIENCE) {
    const end = await this.says('acknowledged', deadline);
    const [code] = await within(PATIENCE, 'the program to end', this.#exit);
    return { ...end, code };
  }

  kill() {
    this.#child.kill();
  }
}

/** A road of so many bits a second to the one address in an answer. What does not fit in its queue is lost. */
export class Road {
  static async to(answer, bitsPerSecond, queue = 1 << 18) {
    const [, address, port] = /^a=candidate:\S+ 1 UDP \d+ (\S+) (\d+) typ host/im.exec(answer);
    const road = new Road();
    const [near, far] = (road.sockets = [createSocket('udp4'), createSocket('udp4')]);
    near.bind(0, '127.0.0.1');
    far.bind(0, '127.0.0.1');
    await Promise.all([once(near, 'listening'), once(far, 'listening')]);
    let browser, free = 0, queued = 0;
    near.on('message', (packet, from) => {
      browser = from;
      far.send(packet, +port, address);
    });
    far.on('message', (packet) => {
      if (!browser || queued + packet.length > queue) return;
      const now = performance.now();
      free = Math.max(free, now) + (packet.length * 8000) / bitsPerSecond;
      queued += packet.length;
      setTimeout(() => {
        queued -= packet.length;
        near.send(packet, browser.port, browser.address);
      }, free - now);
    });
    const candidates = answer.split('\r\n').filter((line) => line.startsWith('a=candidate:'));
    road.answer = answer.split('\r\n').filter((line) => line === candidates[0] || !candidates.includes(line)).join('\r\n')
      .replace(candidates[0], candidates[0].replace(`${address} ${port} typ`, `127.0.0.1 ${near.address().port} typ`));
    return road;
  }

  close() {
    for (const socket of this.sockets) socket.close();
  }
}
