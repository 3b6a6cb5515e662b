// A program in Python, on the air to every browser that is promised, and taking what they publish.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Browser, kinds } from './browsers.mjs';
import { PATIENCE, within } from './deadline.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

class Program {
  #child = spawn(`${root}target/interop/bin/python`, ['-B', `${root}bindings/python/tests/pages.py`], { stdio: ['pipe', 'pipe', 'inherit'] });
  #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  async says() {
    const { value, done } = await within(2 * PATIENCE, 'a line of the program', this.#lines.next());
    if (done) throw new Error('the program ended');
    return JSON.parse(value);
  }

  ask(command) {
    this.#child.stdin.write(`${command}\n`);
    return this.says();
  }

  async stop() {
    const exit = once(this.#child, 'exit');
    this.#child.stdin.end();
    return (await within(PATIENCE, 'the end of the program', exit))[0];
  }
}

for (const kind of Object.keys(kinds)) {
  describe(`${kind} and a program in Python`, { timeout: 300_000 }, () => {
    let program, browser, url;

    before(async () => {
      program = new Program();
      url = await program.says();
      browser = await Browser.launch(kind);
    });

    after(async () => {
      await browser?.close();
      assert.equal(await program.stop(), 0, 'it ends clean');
    });

    test('its camera comes as arrays', async () => {
      const tab = await browser.open(`${url}publish/camera`);
      await tab.reaches('ready');
      await tab.press('#start');
      await tab.reaches('live');
      const taken = await program.ask('camera');
      assert.equal(taken.size[2], 3);
      assert.ok(taken.size[1] >= 320 && taken.colours > 100, `${JSON.stringify(taken)}`);
      assert.deepEqual([taken.sound[1], taken.publishers], [2, 1]);
      await tab.close();
    });

    test('its screen shows the arrays that are pushed, and it acknowledges their results', async () => {
      const tab = await browser.open(`${url}watch/card`);
      await tab.playing();
      const first = await tab.look();
      assert.equal(`${first.width}x${first.height}`, '1280x720');
      for (let looks = 0, last = first; looks < 5; looks++) {
        const next = await tab.look();
        assert.ok(next.strip.frame > last.strip.frame, `${last.strip.frame}, then ${next.strip.frame}`);
        last = next;
      }
      await tab.screenshot(`python-${kind}`);
      assert.equal((await program.ask('end')).acknowledged, 1);
      assert.deepEqual(tab.complaints, []);
      await tab.close();
    });
  });
}
