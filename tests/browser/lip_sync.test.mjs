// A picture that took its program 150 ms, and sound that took none, play together: by Chromium's own estimate
// of when what it plays was captured. Firefox has none. Where the sound waits for the picture before it is sent,
// Chromium has next to nothing to do, and they are closer.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Browser } from './browsers.mjs';
import { within } from './deadline.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = process.env.FRAMEWIRE_LATE_PICTURE ?? `${root}target/debug/examples/late_picture`;

// Chromium moves the sound towards the picture step by step, and is content when what it averages over seconds is
// within 30 ms of it: libwebrtc's StreamSynchronization. Where it does not know that the two belong
// together, it stays beyond a hundred.
const TOGETHER = 60;
// Where there is nothing to move, what is left are the steps of its sound buffer.
const TOGETHER_FROM_THE_START = 20;
const PATIENCE = 60;
// A second in which the estimate moves by more is one of a machine that has other things to do.
const STEADY = 15;

let browser;

before(async () => {
  browser = await Browser.launch('chromium');
});

after(() => browser?.close());

test('picture and sound of one moment play together', { timeout: 180_000 }, (t) => play(t, [], TOGETHER));

test('sound that waits for the picture plays within 20 ms of it', { timeout: 180_000 }, (t) =>
  play(t, ['follows'], TOGETHER_FROM_THE_START));

async function play(t, options, together) {
  const late = spawn(program, options, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(async () => {
    late.stdin.end();
    const [code] = await within(30_000, 'the program to end', once(late, 'exit'));
    assert.equal(code, 0);
  });
  const lines = createInterface({ input: late.stdout });
  const [url] = await within(30_000, 'the address of the program', once(lines, 'line'));
  const tab = await browser.open(url);
  await tab.playing();
  const seconds = await tab.evaluate(measure, together, STEADY, PATIENCE);
  await tab.close();
  t.diagnostic(`the picture is ahead by ${seconds.map(({ median }) => Math.round(median)).join(', ')} ms, second by second`);
  const steady = seconds.filter(({ spread }) => spread < STEADY);
  if (seconds.length === PATIENCE && steady.length < PATIENCE / 3) return t.skip('the machine is too busy to tell');
  assert.ok(seconds.length < PATIENCE, `after ${PATIENCE} s the picture is ${Math.round(steady.at(-1).median)} ms ahead`);
}

/** In the page: what each second says, until three steady ones in a row are small enough. */
async function measure(together, steady, patience) {
  const video = document.querySelector('video');
  const ahead = async () => {
    const inbound = [...(await framewire.pc.getStats()).values()].filter(({ type }) => type === 'inbound-rtp');
    const played = (kind) => inbound.find((report) => report.kind === kind)?.estimatedPlayoutTimestamp;
    return played('video') - played('audio'); // NaN before both had a report
  };
  const second = async () => {
    const samples = [];
    while (samples.length < 10) {
      for (let frame = 0; frame < 5; frame++) await new Promise((shown) => video.requestVideoFrameCallback(shown));
      const sample = await ahead();
      if (Number.isFinite(sample)) samples.push(sample);
    }
    samples.sort((a, b) => a - b);
    return { median: samples[5], spread: samples[9] - samples[0] };
  };
  const good = ({ median, spread }) => Math.abs(median) < together && spread < steady;
  const seconds = [];
  while (seconds.length < patience && !(seconds.length > 2 && seconds.slice(-3).every(good))) seconds.push(await second());
  return seconds;
}
