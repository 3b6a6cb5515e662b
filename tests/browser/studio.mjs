// The program that browsers publish to, as a child process: lines of JSON, read as they come.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PATIENCE, within } from './deadline.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = process.env.FRAMEWIRE_STUDIO ?? `${root}target/debug/examples/studio`;

export class Studio {
  #child;
  #exit;
  #lines;
  #told = []; // events that nobody waited for yet

  static async start() {
    const studio = new Studio();
    studio.#child = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] });
    studio.#exit = once(studio.#child, 'exit');
    studio.#lines = createInterface({ input: studio.#child.stdout });
    const first = within(PATIENCE, 'the address of the studio', once(studio.#lines, 'line'));
    [studio.url] = await Promise.race([first, studio.#ended()]);
    studio.#lines.on('line', (line) => line.includes('"event"') && studio.#told.push(JSON.parse(line)));
    return studio;
  }

  #ended() {
    return this.#exit.then(([code, signal]) => Promise.reject(new Error(`the studio ended: ${signal ?? code}`)));
  }

  /** What the first line says that passes. */
  #line(what, passes) {
    const found = new Promise((resolve, reject) => {
      const read = (line) => {
        const said = JSON.parse(line);
        if (!passes(said)) return;
        this.#lines.off('line', read);
        resolve(said);
      };
      this.#lines.on('line', read);
      this.#ended().catch(reject);
    });
    return within(PATIENCE, what, found);
  }

  /** What came so far, as of this second, and so often: the tests' pacemaker. */
  async reports(count = 1) {
    let report;
    for (; count > 0; count--) report = await this.#line('a report of the studio', (said) => 'pictures' in said);
    return report;
  }

  /** Waits for a report that passes; answers how many milliseconds that took. */
  async until(what, passes) {
    const begin = performance.now();
    await this.#line(what, (said) => 'pictures' in said && passes(said));
    return performance.now() - begin;
  }

  /** The next event of that kind, also one that was told since the last; those before it are passed over. */
  async told(kind) {
    const is = ({ event }) => event === kind;
    const late = this.#told.some(is) ? undefined : this.#line(`an event ${kind}`, is);
    await late;
    const at = this.#told.findIndex(is);
    return this.#told.splice(0, at + 1).pop();
  }

  async stop() {
    this.#child.kill('SIGINT');
    await within(PATIENCE, 'the studio to end', this.#exit);
  }
}
