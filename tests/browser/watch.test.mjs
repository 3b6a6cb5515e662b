// What a viewer sees and hears of the demo, in every browser that is promised.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser, kinds } from './browsers.mjs';
import { Demo } from './demo.mjs';

for (const kind of Object.keys(kinds)) {
  describe(`${kind} watches`, { timeout: 300_000 }, () => {
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
      first = await browser.open(demo.url);
      const { posted, connected, firstFrame } = await first.playing(15_000);
      t.diagnostic(`POST → connected ${ms(connected - posted)}, → first frame ${ms(firstFrame - posted)}`);
      assert.ok(connected - posted < 500, `connected after ${ms(connected - posted)}`);
    });

    test('sees 29 to 31 frames a second and hears the tone for ten seconds', async (t) => {
      const begin = await first.look();
      await demo.reports(11); // ten seconds lie between eleven lines
      const end = await first.look();
      const fps = (end.framesDecoded - begin.framesDecoded) / ((end.at - begin.at) / 1000);
      const loudness = Math.sqrt((end.energy - begin.energy) / (end.duration - begin.duration));
      const heard = 1 - (end.concealed - begin.concealed) / (end.samples - begin.samples);
      t.diagnostic(`${fps.toFixed(2)} frames/s, loudness ${loudness.toFixed(3)}, ${(100 * heard).toFixed(1)} % not concealed, age ${begin.age} and ${end.age} ms`);
      assert.equal(`${end.width}x${end.height}`, '1280x720');
      assert.ok(fps >= 29 && fps <= 31, `${fps} frames a second`);
      assert.ok(loudness > 0.02, `loudness ${loudness} of 1`);
      assert.ok(heard > 0.95, `${heard} of the samples are decoded, not made up`);
      const shown = (end.strip.frame - begin.strip.frame) / ((end.at - begin.at) / 1000);
      assert.ok(shown >= 28 && shown <= 32, `the strip's frame number moves on by ${shown} a second`);
      assert.ok(end.age >= 0 && end.age < 1000, `the picture is ${end.age} ms old`);
      await first.screenshot();
    });

    test('shows a late joiner its first frame within a second', async (t) => {
      const late = await browser.open(demo.url);
      const { posted, firstFrame } = await late.playing(15_000);
      t.diagnostic(`navigation → first frame ${ms(firstFrame)}, POST → first frame ${ms(firstFrame - posted)}`);
      assert.ok(firstFrame < 1000, `first frame after ${ms(firstFrame)}`);
      await late.close();
      await demo.viewers(1, 6000);
    });

    test('plays in three tabs at once, and a closed one is no viewer any more', async (t) => {
      const tabs = [first, await browser.open(demo.url), await browser.open(demo.url)];
      for (const tab of tabs) await tab.playing(15_000);
      await demo.viewers(3, 3000);
      const begins = [], ends = [];
      for (const tab of tabs) begins.push(await tab.look());
      await demo.reports(6);
      for (const tab of tabs) ends.push(await tab.look());
      for (const [i, end] of ends.entries()) {
        const fps = (end.framesDecoded - begins[i].framesDecoded) / ((end.at - begins[i].at) / 1000);
        t.diagnostic(`tab ${i + 1}: ${fps.toFixed(2)} frames/s, age ${end.age} ms`);
        assert.ok(fps >= 29 && fps <= 31, `tab ${i + 1}: ${fps} frames a second`);
        assert.ok(end.strip.frame > begins[i].strip.frame, `tab ${i + 1} stands still`);
        assert.ok(end.age < 1000, `tab ${i + 1}: the picture is ${end.age} ms old`);
        await tabs[i].screenshot();
        assert.deepEqual(tabs[i].complaints, []);
      }
      await tabs[2].close();
      t.diagnostic(`2 viewers after ${ms(await demo.viewers(2, 6000))}`);
      await tabs[1].close();
      await demo.viewers(1, 6000);
    });

    test('finds nothing to complain of', () => assert.deepEqual(first.complaints, []));

    test('is gone soon after it was killed without a word', async (t) => {
      browser.kill();
      t.diagnostic(`no viewer after ${ms(await demo.viewers(0, 8000))}`);
      browser = undefined;
    });

    test('leaves a demo behind that ends clean', async () => {
      assert.equal(await demo.stop(), 0);
      demo = undefined;
    });
  });
}

const ms = (time) => `${Math.round(time)} ms`;
