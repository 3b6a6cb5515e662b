// What each browser can offer, answered: accepted by it and played, or refused with a reason.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Browser, kinds } from './browsers.mjs';
import { Demo } from './demo.mjs';
import { negotiate } from './negotiate.mjs';

const data = new URL('../data/', import.meta.url);

// By the shape of the offer, what is received; undefined: nothing in it can be sent.
const live = {
  'whep': ['video', 'audio'],
  'whep-dc': ['video', 'audio'],
  'video': ['video'],
  'audio': ['audio'],
  'audio first': ['audio', 'video'],
  'two videos': ['video'], // WHEP carries one of each kind
  'sendrecv': ['video', 'audio'],
  'inactive audio': ['video'],
  'no codec of ours': ['audio'],
  'dc': undefined,
  'whip': undefined,
};

for (const kind of Object.keys(kinds)) {
  describe(`${kind} offers`, { timeout: 900_000 }, () => {
    let demo, browser, tab, endpoint;

    before(async () => {
      demo = await Demo.start();
      browser = await Browser.launch(kind);
      endpoint = demo.url.replace('/watch/', '/whep/');
      tab = await browser.open(new URL('/', demo.url).href);
    });

    after(async () => {
      await browser?.close();
      await demo?.stop();
    });

    for (const [shape, received] of Object.entries(live))
      test(`${shape}: ${received ? `plays ${received.join(' and ')}` : 'refused'}`, { timeout: 60_000 }, async () => {
        const seen = await tab.evaluate(negotiate, { shape, endpoint });
        if (!received) return assert.equal(seen.status, 422, seen.answer);
        assert.equal(seen.status, 201, seen.answer);
        assert.deepEqual(seen.received, received, seen.answer);
        assert.equal(seen.deleted, 200);
        assert.deepEqual(mids(seen.answer), mids(seen.offer));
      });

    // The recorded offers of this browser: it must accept our answer to one as if it had just made it.
    const brand = kind === 'chromium' ? 'chrome' : kind;
    for (const file of readdirSync(data).filter((name) => name.startsWith(`${brand}-`))) {
      const shape = file.split('.')[0].slice(brand.length + 1);
      test(`${file}: ${live[shape] ? 'the answer is accepted' : 'refused'}`, { timeout: 60_000 }, async () => {
        const body = readFileSync(new URL(file, data), 'utf8');
        const response = await fetch(endpoint, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body });
        const answer = await response.text();
        if (!live[shape]) return assert.equal(response.status, 422, answer);
        assert.equal(response.status, 201, answer);
        const { directions } = await tab.evaluate(negotiate, { shape, answer });
        assert.deepEqual(directions, ['recvonly', 'recvonly'], answer);
        await fetch(new URL(response.headers.get('Location'), endpoint), { method: 'DELETE' });
      });
    }
  });
}

const mids = (sdp) => sdp.match(/^a=mid:.*$/gm).map((line) => line.trim());
