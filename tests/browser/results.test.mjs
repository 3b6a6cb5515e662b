// Results in every browser that is promised, through the module that the server serves: none lost where all
// matter, the newest where that matters, each over its own frame, the last word always; and files sent back.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Browser, kinds } from './browsers.mjs';
import { Demo } from './demo.mjs';
import { Feed, Road } from './feed.mjs';

for (const kind of Object.keys(kinds)) {
  describe(`${kind} takes results`, () => {
    let browser, feed, demo, road;

    before(async () => {
      browser = await Browser.launch(kind);
    });

    after(async () => {
      await browser?.close();
      await demo?.stop();
    });

    afterEach(async () => {
      feed?.kill();
      road?.close();
      feed = road = undefined;
    });

    /** A page with connections to the feed that take whatever comes. */
    const join = async (connections = 1) => {
      const tab = await browser.open(feed.url);
      await tab.evaluate(watch);
      const offers = await tab.evaluate((count) => taking.offers(count), connections);
      const answers = [];
      for (const offer of offers) answers.push(await feed.answer(offer));
      return { tab, answers };
    };

    test('ten thousand with acknowledgements, none lost and none twice', { timeout: 300_000 }, async (t) => {
      feed = await Feed.start('file', '10000');
      const { tab, answers } = await join();
      await tab.evaluate((answers) => taking.accept(answers), answers);
      const begin = performance.now();
      feed.order({ go: true });
      const end = await feed.ended(240_000);
      t.diagnostic(`${Math.round(1e7 / (performance.now() - begin))} a second`);
      assert.deepEqual(end, { acknowledged: 1, lingered: 0, failed: 0, dropped: 0, code: 0 });
      const [{ numbers, wrong, lost, stats, last }] = await tab.evaluate(() => taking.seen());
      assert.deepEqual(numbers, Array.from({ length: 10_000 }, (_, n) => n + 1));
      assert.deepEqual([wrong, lost, stats.failed, stats.skipped], [0, 0, 0, 0]);
      assert.deepEqual([last.id, last.value.termination_reason], [10_001, 'source_ended']);
      assert.deepEqual(tab.complaints, []);
      await tab.close();
    });

    test('live: on a narrow road it gets fewer, and the newest, while another gets all', { timeout: 180_000 }, async (t) => {
      feed = await Feed.start('live');
      const quick = await join(), slow = await join();
      road = await Road.to(slow.answers[0], 1_000_000);
      await quick.tab.evaluate((answers) => taking.accept(answers), quick.answers);
      await slow.tab.evaluate((answers) => taking.accept(answers), [road.answer]);
      const count = 400;
      for (let n = 1; n <= count; n++) {
        feed.order({ next: n });
        await quick.tab.evaluate((n) => taking.until(n), n); // has each before the next is made
      }
      const end = await feed.end();
      assert.deepEqual([end.acknowledged, end.code], [2, 0]);
      const [all] = await quick.tab.evaluate(() => taking.seen());
      assert.deepEqual(all.numbers, Array.from({ length: count }, (_, n) => n + 1));
      const [few] = await slow.tab.evaluate(() => taking.seen());
      t.diagnostic(`${few.numbers.length} of ${count} over the narrow road`);
      assert.ok(few.numbers.length < count / 2, `${few.numbers.length} of ${count}`);
      assert.equal(few.numbers.length + end.dropped, count);
      assert.ok(few.numbers.every((n, at) => at === 0 || n > few.numbers[at - 1]), `${few.numbers}`);
      assert.equal(few.numbers.at(-1), count, 'the newest waits for its turn');
      for (const { wrong, lost, last } of [all, few]) assert.deepEqual([wrong, lost, last.id], [0, 0, count + 1]);
      await quick.tab.close();
      await slow.tab.close();
    });

    test('the last word arrives a thousand times of a thousand, from programs that end with it', { timeout: 180_000 }, async (t) => {
      const begin = performance.now();
      let words = 0;
      for (let run = 0; run < 10; run++) {
        feed = await Feed.start('last', '20');
        const { tab, answers } = await join(5);
        const accepted = tab.evaluate((answers) => taking.accept(answers, false), answers);
        const [end] = await Promise.all([feed.end(), accepted]);
        assert.deepEqual([end.acknowledged, end.lingered, end.failed, end.code], [100, 0, 0, 0]);
        const seen = await tab.evaluate(() => taking.seen());
        assert.equal(seen.length, 100);
        for (const { lasts, last } of seen) assert.deepEqual([lasts, last.id, last.value.termination_reason], [1, 2, 'source_ended']);
        words += seen.length;
        await tab.close();
      }
      assert.equal(words, 1000);
      t.diagnostic(`${Math.round(performance.now() - begin)} ms`);
    });

    test('a busy page handles the newest', { timeout: 180_000 }, async () => {
      feed = await Feed.start('live');
      const tab = await browser.open(feed.url);
      const seen = await tab.evaluate(busy);
      assert.deepEqual(seen, { handled: [1, 4, 9], skipped: 6, acknowledged: [1, 4, 9] });
      await tab.close();
    });

    test('sends files with progress, and hears why one is not wanted', { timeout: 180_000 }, async () => {
      feed = await Feed.start('upload', String(20 << 20));
      const { tab, answers } = await join();
      await tab.evaluate((answers) => taking.accept(answers, false), answers);
      const size = (9 << 20) + 12_345;
      const sent = await tab.evaluate((size) => taking.upload(size), size);
      const { chunks, ...whole } = await feed.says('upload');
      assert.deepEqual(whole, { upload: 'complete', bytes: size, sum: sent.sum });
      assert.equal(chunks, Math.ceil(size / 49_152));
      assert.equal(sent.progress.at(-1), size);
      assert.ok(sent.progress.length === chunks + 1 && sent.progress.every((at, n) => at >= (sent.progress[n - 1] ?? 0)));
      assert.ok(sent.mostBuffered <= (1 << 20) + 49_160, `${sent.mostBuffered} bytes waited`);

      assert.equal((await tab.evaluate((size) => taking.upload(size), 0)).failure, undefined);
      assert.equal((await feed.says('upload')).bytes, 0);
      const refused = await tab.evaluate((size) => taking.upload(size), 21 << 20);
      const { reason } = await feed.says('upload');
      assert.ok(reason && refused.failure.endsWith(reason), `${refused.failure}, not ${reason}`);
      const left = await tab.evaluate((size) => taking.upload(size, { leaving: true }), 9 << 20);
      assert.match(left.failure, /AbortError/);
      assert.equal((await feed.says('upload')).upload, 'gone');
      assert.deepEqual(tab.complaints, []);
      await tab.close();
    });

    test('what breaks a rule of the wire ends its own message, and nothing is kept for ever', { timeout: 180_000 }, async () => {
      feed = await Feed.start('live');
      const tab = await browser.open(feed.url);
      const seen = await tab.evaluate(abuse);
      assert.deepEqual(seen.messages, [[1, 'ab'], [2, ''], [9, 'abc'], [12, 'x'], [4, 'ok']]);
      assert.deepEqual([seen.lost, seen.evicted], [6, 744]);
      await tab.close();
    });

    describe('over the picture', () => {
      before(async () => {
        demo = await Demo.start('results');
      });

      test('each frame has the result that is about it', { timeout: 180_000 }, async (t) => {
        const tab = await browser.open(demo.url);
        await tab.playing();
        const pairs = await tab.evaluate(pair, 100);
        const told = pairs.filter(({ rtpTimestamp }) => rtpTimestamp !== undefined);
        t.diagnostic(`${told.length} of ${pairs.length} frames with an RTP timestamp, ${pairs.filter(({ exact }) => exact).length} with their own result`);
        if (kind === 'chromium') assert.equal(told.length, pairs.length);
        const wrong = pairs.filter(({ exact, frame, strip }) => exact && frame !== strip);
        if (kind === 'chromium') assert.deepEqual(wrong, []);
        else assert.ok(wrong.length < pairs.length / 3, `${wrong.length} of ${pairs.length}`); // it tells of a frame when the next may be there
        // A frame whose result is late has that of one before.
        assert.ok(told.length === 0 || told.filter(({ exact }) => exact).length > told.length / 2, JSON.stringify(pairs));
        const { boxes, painted } = await tab.evaluate(overlay);
        assert.equal(boxes.length, 1);
        assert.ok(painted > 0, 'the canvas is empty');
        await tab.screenshot(`results-${kind}`);
        await tab.phone();
        await tab.evaluate(pair, 3);
        await tab.screenshot(`results-${kind}-phone`);
        assert.deepEqual(tab.complaints, []);
        await tab.close();
      });

      test('the last word is heard when the program is stopped', { timeout: 180_000 }, async () => {
        const tab = await browser.open(demo.url);
        await tab.playing();
        const ended = tab.evaluate(() => framewire.results.ended.then((last) => last?.value));
        assert.equal(await demo.stop(), 0);
        demo = undefined;
        const { processing_complete: complete, termination_reason: reason, serialized_output_data: output } = await ended;
        assert.deepEqual([complete, reason, output], [true, 'cancelled', {}]);
        assert.equal(await tab.evaluate(() => framewire.overlay.shown), null);
        await tab.close();
      });

      test('a stream without results plays as ever', { timeout: 180_000 }, async () => {
        demo = await Demo.start();
        const tab = await browser.open(demo.url);
        await tab.playing();
        assert.deepEqual(await tab.evaluate(overlay), { boxes: [], painted: 0 });
        assert.equal(await tab.evaluate(() => framewire.results), null);
        assert.deepEqual(tab.complaints, []);
        await tab.close();
        assert.equal(await demo.stop(), 0);
        demo = undefined;
      });
    });
  });
}

/** In a page of the server: connections that take whatever comes, by the module. */
async function watch() {
  const module = await import('/framewire.js');
  const pcs = [], feeds = [];
  let stir = () => {};
  const until = async (done) => {
    while (!done()) await new Promise((resolve) => (stir = resolve));
  };

  const take = (channel) => {
    const seen = { numbers: [], wrong: 0, lasts: 0 };
    seen.results = new module.Results(channel, ({ id, value }) => {
      if (value.processing_complete) seen.lasts += 1;
      else if (value.serialized_output_data.n === id && value.video_metadata.pts === null) seen.numbers.push(id);
      else seen.wrong += 1;
      stir();
    });
    feeds.push(seen);
  };

  window.taking = {
    async offers(count) {
      const offers = [];
      for (let n = 0; n < count; n++) {
        const pc = new RTCPeerConnection();
        pc.createDataChannel('', { negotiated: true, id: 200 });
        pc.ondatachannel = ({ channel }) => take(channel);
        pcs.push(pc);
        await pc.setLocalDescription();
        offers.push(pc.localDescription.sdp);
      }
      return offers;
    },

    async accept(answers, open = true) {
      await Promise.all(answers.map((sdp, n) => pcs[n].setRemoteDescription({ type: 'answer', sdp })));
      if (open) await Promise.all(pcs.map((pc) => new Promise((resolve) => pc.addEventListener('datachannel', resolve))));
    },

    until: (n) => until(() => feeds[0].numbers.at(-1) >= n),

    async seen() {
      await Promise.all(feeds.map(({ results }) => results.ended));
      pcs.forEach((pc) => pc.close());
      return feeds.map(({ results, ...seen }) => ({ ...seen, lost: results.lost, stats: results.stats, last: results.last }));
    },

    async upload(size, { leaving = false } = {}) {
      const bytes = new Uint8Array(size);
      for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8)) & 255;
      let sum = 0;
      for (let at = 0; at < size; at++) sum = (sum + ((at + 1) % 65_521) * bytes[at]) % 2 ** 48;
      const channel = pcs[0].createDataChannel('video_upload');
      const send = channel.send.bind(channel);
      let mostBuffered = 0;
      channel.send = (message) => {
        send(message);
        mostBuffered = Math.max(mostBuffered, channel.bufferedAmount);
      };
      const progress = [];
      const leave = new AbortController();
      const onprogress = ({ sent }) => {
        progress.push(sent);
        if (leaving && progress.length === 20) leave.abort();
      };
      const failure = await module.upload(channel, new Blob([bytes]), { onprogress, signal: leave.signal }).then(() => undefined, String);
      channel.close();
      return { sum, progress, mostBuffered, failure };
    },
  };
}

/** In a page: what a handler that is slow gets when only the newest matters. */
async function busy() {
  const { Results } = await import('/framewire.js');
  const channel = new EventTarget();
  const acknowledged = [];
  Object.assign(channel, { readyState: 'open', send: (text) => acknowledged.push(JSON.parse(text).ack) });
  const handled = [];
  let done;
  const results = new Results(channel, ({ id }) => {
    handled.push(id);
    return new Promise((resolve) => (done = resolve));
  }, { newest: true });
  const comes = (id) => {
    const chunk = new DataView(new ArrayBuffer(14));
    [id, 0, 1].forEach((word, at) => chunk.setUint32(4 * at, word, true));
    chunk.setUint16(12, 0x7b7d); // {}
    channel.dispatchEvent(new MessageEvent('message', { data: chunk.buffer }));
  };
  const finish = async () => {
    done();
    await new Promise((resolve) => setTimeout(resolve)); // what was promised has run
  };
  [1, 2, 3, 4].forEach(comes);
  await finish();
  [5, 6, 7, 8, 9].forEach(comes);
  await finish();
  await finish();
  return { handled, skipped: results.stats.skipped, acknowledged };
}

/** In a page: chunks that break rules, and what came whole all the same. */
async function abuse() {
  const { Reassembler } = await import('/framewire.js');
  const chunk = (id, index, total, text = '') => {
    const bytes = new Uint8Array(12 + text.length);
    [id, index, total].forEach((word, at) => new DataView(bytes.buffer).setUint32(4 * at, word, true));
    bytes.set([...text].map((letter) => letter.charCodeAt(0)), 12);
    return bytes.buffer;
  };
  const reassembler = new Reassembler({ maxMessage: 64 });
  const messages = [];
  const push = (bytes) => {
    const message = reassembler.push(bytes);
    if (message) messages.push([message.id, new TextDecoder().decode(message.bytes)]);
  };
  push(chunk(1, 0, 2, 'a')), push(chunk(1, 1, 2, 'b'));
  push(chunk(2, 0, 1));
  push(chunk(9, 2, 3, 'c')), push(chunk(9, 0, 3, 'a')), push(chunk(9, 0, 3, 'z')), push(chunk(9, 1, 3, 'b')); // any order, twice
  push(new ArrayBuffer(11)); // shorter than its header
  push(chunk(3, 0, 0)); // a total of none
  push(chunk(4, 2, 2)); // an index beyond it
  push(chunk(5, 0, 2)), push(chunk(5, 1, 3)); // another total
  push(chunk(5, 1, 2)); // the rest of it
  push(chunk(6, 0, 2, 'x'.repeat(60))), push(chunk(6, 1, 2, 'x'.repeat(5))); // too large
  push(chunk(7, 0, 4_000_000_000)), push(chunk(7, 0, 1)); // another total still
  push(chunk(12, 0, 1, 'x'));
  push(chunk(4, 0, 1, 'ok')); // its own message alone had ended
  const lost = reassembler.lost;
  const many = new Reassembler();
  for (let id = 0; id < 1000; id++) many.push(chunk(id, 0, 2)); // that never end
  return { messages, lost, evicted: many.lost };
}

/** In the watch page: for so many frames, which one the result says it is about, and which the strip of what is drawn. */
async function pair(count) {
  const canvas = document.getElementById('overlay');
  const scale = Math.min(canvas.width / 1280, canvas.height / 720);
  const [left, top] = [(canvas.width - 1280 * scale) / 2, (canvas.height - 720 * scale) / 2];
  const number = () => {
    const { data } = canvas.getContext('2d').getImageData(left, top + 712 * scale, 512 * scale, 1);
    let bits = 0;
    for (let block = 0; block < 32; block++) bits = bits * 2 + (data[4 * Math.floor((block * 16 + 8) * scale) + 1] > 127);
    return bits;
  };
  const pairs = [];
  return new Promise((resolve) => {
    framewire.overlay.onframe = (shown) => {
      if (!shown) return;
      pairs.push({ exact: shown.exact, rtpTimestamp: shown.rtpTimestamp, frame: shown.result.value.serialized_output_data.frame, strip: number() });
      if (pairs.length < count) return;
      framewire.overlay.onframe = null;
      resolve(pairs);
    };
  });
}

/** In the watch page: what is drawn. */
function overlay() {
  const canvas = document.getElementById('overlay');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let painted = 0;
  for (let at = 3; at < data.length; at += 4) painted += data[at] > 0;
  return { boxes: framewire.overlay.shown?.result.value.serialized_output_data.boxes ?? [], painted };
}
