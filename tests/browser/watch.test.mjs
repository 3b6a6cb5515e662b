// What a viewer sees and hears of the demo, in every browser that is promised.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser, kinds } from './browsers.mjs';
import { best } from './deadline.mjs';
import { Demo } from './demo.mjs';

for (const kind of Object.keys(kinds)) {
  describe(`${kind} watches`, { timeout: 900_000 }, () => {
    let demo, browser, first;

    before(async () => {
      demo = await Demo.start();
      browser = await Browser.launch(kind);
    });

    after(async () => {
      await browser?.close();
      await demo?.stop();
    });

    test('is connected half a second after its POST', async (t) => {
      const connects = async () => {
        await first?.close();
        first = await browser.open(demo.url);
        const { posted, connected, firstFrame } = await first.playing();
        t.diagnostic(`POST → connected ${ms(connected - posted)}, → first frame ${ms(firstFrame - posted)}`);
        return connected - posted;
      };
      const took = await best(5, connects, (took) => took < 500);
      assert.ok(took < 500, `connected after ${ms(took)}`);
      await demo.viewers(1);
    });

    test('sees 29 to 31 frames a second and hears the tone for ten seconds', async (t) => {
      const tenSeconds = async () => {
        const begin = await first.look(), before = await demo.reports();
        await demo.reports(10);
        const end = await first.look(), after = await demo.reports();
        const fps = (end.framesDecoded - begin.framesDecoded) / ((end.at - begin.at) / 1000);
        const loudness = Math.sqrt((end.energy - begin.energy) / (end.duration - begin.duration));
        const heard = 1 - (end.concealed - begin.concealed) / (end.samples - begin.samples);
        t.diagnostic(`${fps.toFixed(2)} frames/s, loudness ${loudness.toFixed(3)}, ${(100 * heard).toFixed(1)} % not concealed, age ${begin.age} and ${end.age} ms`);
        assert.equal(`${end.width}x${end.height}`, '1280x720');
        assert.ok(loudness > 0.02, `loudness ${loudness} of 1`);
        // On a busy machine the source skips what it has no time for: everything else arrives.
        const pushed = end.strip.frame - begin.strip.frame, skipped = after.dropped - before.dropped;
        const received = end.framesReceived - begin.framesReceived;
        assert.ok(Math.abs(pushed - skipped - received) < 0.1 * pushed, `${pushed} pushed, ${skipped} skipped, ${received} received`);
        const shown = pushed / ((end.at - begin.at) / 1000);
        return { fps, heard, shown, age: end.age };
      };
      const good = ({ fps, heard, shown, age }) =>
        fps >= 29 && fps <= 31 && heard > 0.95 && shown >= 28 && shown <= 32 && age >= 0 && age < 1000;
      const seen = await best(6, tenSeconds, good);
      assert.ok(good(seen), JSON.stringify(seen));
      await first.screenshot();
    });

    test('shows a late joiner its first frame within a second', async (t) => {
      const joins = async () => {
        const late = await browser.open(demo.url);
        const { posted, firstFrame } = await late.playing();
        t.diagnostic(`navigation → first frame ${ms(firstFrame)}, POST → first frame ${ms(firstFrame - posted)}`);
        await late.close();
        await demo.viewers(1);
        return firstFrame;
      };
      const took = await best(5, joins, (took) => took < 1000);
      assert.ok(took < 1000, `first frame after ${ms(took)}`);
    });

    test('plays in three tabs at once, and a closed one is no viewer any more', async (t) => {
      const tabs = [first, await browser.open(demo.url), await browser.open(demo.url)];
      for (const tab of tabs) await tab.playing();
      await demo.viewers(3);
      const begins = [], ends = [];
      const before = await demo.reports();
      for (const tab of tabs) begins.push(await tab.look());
      await demo.reports(5);
      for (const tab of tabs) ends.push(await tab.look());
      const skipped = (await demo.reports()).dropped - before.dropped;
      for (const [i, end] of ends.entries()) {
        const fps = (end.framesDecoded - begins[i].framesDecoded) / ((end.at - begins[i].at) / 1000);
        const pushed = end.strip.frame - begins[i].strip.frame, received = end.framesReceived - begins[i].framesReceived;
        t.diagnostic(`tab ${i + 1}: ${fps.toFixed(2)} frames/s, age ${end.age} ms, ${received} received of ${pushed} pushed, ${skipped} skipped`);
        assert.ok(received > 0.85 * (pushed - skipped), `tab ${i + 1}: ${received} of ${pushed} frames, ${skipped} skipped`);
        await tabs[i].screenshot();
        assert.deepEqual(tabs[i].complaints, []);
      }
      const gone = [];
      for (const left of [2, 1]) {
        await tabs[left].close();
        gone.push(await demo.viewers(left));
        t.diagnostic(`${left} viewers after ${ms(gone.at(-1))}`);
      }
      assert.ok(Math.min(...gone) < 6000, `still viewers after ${gone.map(ms)}`);
    });

    test('finds nothing to complain of', () => assert.deepEqual(first.complaints, []));

    test('is gone soon after it was killed without a word', async (t) => {
      browser.kill();
      t.diagnostic(`no viewer after ${ms(await demo.viewers(0))}`);
      browser = undefined;
    });

    test('leaves a demo behind that ends clean', async () => {
      assert.equal(await demo.stop(), 0);
      demo = undefined;
    });
  });
}

const ms = (time) => `${Math.round(time)} ms`;
