// The mirror in every browser that is promised: a camera that goes through the program and back, each picture with
// its own results, and none older for a program that is slow.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser, kinds } from './browsers.mjs';
import { PATIENCE, within } from './deadline.mjs';
import { Demo } from './demo.mjs';

const SECONDS = Number(process.env.MIRROR_SECONDS ?? 60);

for (const kind of Object.keys(kinds)) {
  describe(`${kind} looks into the mirror`, { timeout: 900_000 }, () => {
    let demo, browser, tab;
    before(async () => {
      demo = await Demo.start('mirror');
      browser = await Browser.launch(kind);
    });

    after(async () => {
      await browser?.close();
      await demo?.stop();
    });

    const look = async (draw) => {
      const tab = await browser.open(demo.url);
      await tab.reaches('ready');
      if (draw) await tab.evaluate(draw);
      await tab.press('#start');
      await tab.reaches('live');
      return tab;
    };

    test('and sees itself, with boxes', async () => {
      tab = await look();
      await tab.playing();
      await within(PATIENCE, 'a box', tab.evaluate(watch, 'boxes', 1));
      await tab.screenshot(`${kind}-mirror`);
    });

    test(`for ${SECONDS} seconds, at the rate at which it sends, and says how old it is`, async (t) => {
      const begin = await tab.evaluate(figures);
      const end = await tab.evaluate(figures, SECONDS);
      const [sent, seen, results] = ['sent', 'frames', 'handled'].map((figure) => end[figure] - begin[figure]);
      t.diagnostic(`${sent} sent, ${seen} came back, ${results} results, ${end.delay} ms`);
      assert.ok(sent > SECONDS && seen > 0.3 * sent, `${sent} sent, ${seen} came back`);
      assert.ok(results > 0.8 * seen, `${results} results of ${seen} pictures`);
      assert.match(end.shown, /^\d+ ms$/);
      assert.ok(end.audio > begin.audio, 'sound comes back');
    });

    // A picture that waited in line would be older the longer it went on; here none waits.
    test('is slower where the program is, and no older than that', async (t) => {
      await within(PATIENCE, 'slower results', tab.evaluate(slower, 400));
      const begin = await tab.evaluate(figures, 10);
      const end = await tab.evaluate(figures, 10);
      const [seen, results] = ['frames', 'handled'].map((figure) => (end[figure] - begin[figure]) / 10);
      t.diagnostic(`${seen} pictures and ${results} results a second, ${begin.delay} and then ${end.delay} ms old`);
      // Four at a time, 0.4 s each: ten a second, wherever 30 are sent.
      assert.ok(results <= 11, `${results} results a second`);
      assert.ok(end.delay > 400, `${end.delay} ms`);
      // In line, ten seconds of what is not processed would be six seconds more.
      assert.ok(end.delay < begin.delay + 3000, `${begin.delay} ms, ten seconds later ${end.delay} ms`);
      await within(PATIENCE, 'fast results', tab.evaluate(slower, 0));
    });

    test('with each box where the picture moves', async (t) => {
      const other = await look(`(${square})()`);
      await other.playing();
      const pairs = await within(PATIENCE, 'pictures with results', other.evaluate(boxed, 60));
      const exact = pairs.filter((pair) => pair.exact);
      const moving = exact.filter((pair) => pair.boxes.length); // a busy browser sends the same picture twice
      t.diagnostic(`${exact.length} of 60 by their timestamp, ${moving.filter((pair) => pair.inside).length} of ${moving.length} around the square`);
      // Where a browser tells no timestamp, the last result to come may be about another picture.
      if (kind === 'chromium') assert.ok(moving.length > 30, `${moving.length} of 60 by their timestamp`);
      for (const pair of moving) assert.ok(pair.inside, JSON.stringify(pair));
      await other.phone();
      await other.screenshot(`${kind}-mirror-phone`);
      assert.ok(await other.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'it fits');
      assert.deepEqual(other.complaints, []);
      await other.close();
    });

    test('and hears when the program ends', async () => {
      await tab.evaluate('void framewire.results.ended.then((last) => (window.lastWord = last))');
      assert.deepEqual(tab.complaints, []);
      assert.equal(await demo.stop(), 0);
      demo = null;
      await tab.reaches('reconnecting');
      assert.equal(await tab.evaluate('lastWord.value.termination_reason'), 'cancelled');
    });
  });
}

/** In the page: resolves when so many results had some of that. */
function watch(field, count) {
  return new Promise((resolve) => {
    framewire.overlay.onframe = (shown) => {
      if (shown?.result.value.serialized_output_data[field]?.length && --count <= 0) resolve();
    };
  });
}

/** In the page: its figures, so many seconds later. */
async function figures(seconds = 0) {
  const end = performance.now() + 1000 * seconds;
  do await new Promise((next) => setTimeout(next, 250));
  while (performance.now() < end || !framewire.stats?.delay);
  return { ...framewire.stats, handled: framewire.results.stats.handled, shown: document.getElementById('delay').textContent };
}

/** In the page: moves the slider, and waits until results come of a function that is so slow. */
function slower(ms) {
  const slow = document.getElementById('slow');
  slow.value = ms;
  slow.dispatchEvent(new Event('input'));
  return new Promise((resolve) => {
    framewire.overlay.onframe = (shown) => shown?.result.value.serialized_output_data.slow_ms === ms && resolve();
  });
}

/** In the page, before it begins: a white square that jumps from cell to cell, in place of the camera. */
function square() {
  let at = 0;
  framewire.draw = (context) => {
    at = (at + 5) % 12; // cells of 160 by 160, four in a row
    context.fillStyle = '#203040';
    context.fillRect(0, 0, 640, 480);
    context.fillStyle = '#fff';
    context.fillRect((at % 4) * 160 + 48, Math.floor(at / 4) * 160 + 32, 64, 64);
  };
}

/** In the page: for so many pictures, whether a box of their result surrounds the square that the picture shows. */
function boxed(count) {
  const { overlay } = framewire;
  const canvas = document.getElementById('overlay');
  const pairs = [];
  return new Promise((resolve) => {
    overlay.onframe = (shown) => {
      if (!shown || canvas.width === 0) return;
      const scale = Math.min(canvas.width / 640, canvas.height / 480);
      const [left, top] = [(canvas.width - 640 * scale) / 2, (canvas.height - 480 * scale) / 2];
      const context = canvas.getContext('2d');
      const bright = (x, y) => context.getImageData(left + x * scale, top + y * scale, 1, 1).data[1];
      const cells = Array.from({ length: 12 }, (_, n) => [(n % 4) * 160 + 80, Math.floor(n / 4) * 160 + 72]);
      const [x, y] = cells.reduce((best, cell) => (bright(...cell) > bright(...best) ? cell : best));
      const { serialized_output_data: output, video_metadata: { width, height } } = shown.result.value;
      const inside = output.boxes.some((box) => {
        const [across, down] = [x * width / 640, y * height / 480];
        return box.x <= across && across <= box.x + box.width && box.y <= down && down <= box.y + box.height;
      });
      pairs.push({ exact: shown.exact, inside, x, y, boxes: output.boxes });
      if (pairs.length === count) resolve(pairs);
    };
  });
}
