// The demo, or another example, as a child process: started on a free port, read line by line, ended by Ctrl-C.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PATIENCE, within } from './deadline.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = process.env.FRAMEWIRE_EXAMPLES ?? `${root}target/examples-c`;

export class Demo {
  #child;
  #lines;
  #exit;

  /** Starts it and waits for the address it prints. */
  static async start(example = 'on_air') {
    const demo = new Demo();
    const env = { ...process.env, FRAMEWIRE_BIND: '127.0.0.1:0', FRAMEWIRE_MEDIA_ADDRESS: '127.0.0.1' };
    delete env.FRAMEWIRE_SECONDS; // it runs until it is stopped
    demo.#child = spawn(`${folder}/${example}`, {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    demo.#exit = once(demo.#child, 'exit');
    demo.#lines = createInterface({ input: demo.#child.stdout });
    demo.url = await demo.#line(/http:\/\/\S+/).then((match) => match[0]);
    return demo;
  }

  /** The next line that matches. */
  #line(pattern) {
    const found = new Promise((resolve, reject) => {
      const read = (line) => {
        const match = pattern.exec(line);
        if (!match) return;
        this.#lines.off('line', read);
        resolve(match);
      };
      this.#lines.on('line', read);
      this.#exit.then(([code, signal]) => reject(new Error(`the demo ended: ${signal ?? code}`)), reject);
    });
    return within(PATIENCE, `a line of the demo with ${pattern}`, found);
  }

  /** Waits for its report of this very second, and so often: the tests' pacemaker. */
  async reports(count = 1) {
    for (; count > 1; count--) await this.#line(/^viewers /);
    const [, viewers, pushed, encoded, dropped] = await this.#line(/^viewers (\d+) +pushed (\d+) +encoded (\d+) +dropped (\d+)/);
    return { viewers: +viewers, pushed: +pushed, encoded: +encoded, dropped: +dropped };
  }

  /** Waits until it reports so many viewers; answers how many milliseconds that took. */
  async viewers(count) {
    const begin = performance.now();
    await this.#line(new RegExp(`^viewers ${count}\\b`));
    return performance.now() - begin;
  }

  /** Ctrl-C; answers the exit status. */
  async stop() {
    this.#child.kill('SIGINT');
    const [code, signal] = await within(PATIENCE, 'the demo to end after Ctrl-C', this.#exit);
    return signal ?? code;
  }
}
