// POST → connected → first frame in each browser: the browsers' rows of `make bench`.
import { Browser, kinds } from './browsers.mjs';
import { Demo } from './demo.mjs';

const ROUNDS = 20;

const row = (kind, what, times, goal) => {
  times.sort((a, b) => a - b);
  for (const share of [0.5, 0.95]) {
    const value = times[Math.min(Math.floor(times.length * share), times.length - 1)];
    console.log(`| 7 ${kind}, ${what}, p${share * 100} | ${value.toFixed(1)} ms | ${goal} |`);
  }
};

for (const kind of Object.keys(kinds)) {
  const demo = await Demo.start();
  const browser = await Browser.launch(kind);
  const connected = [], first = [];
  for (let round = 0; round < ROUNDS; round++) {
    const tab = await browser.open(demo.url);
    const times = await tab.playing();
    connected.push(times.connected - times.posted);
    first.push(times.firstFrame - times.posted);
    await tab.close();
    await demo.viewers(0); // each joins alone
  }
  row(kind, 'POST → connected', connected, '≤ 250');
  row(kind, 'POST → first frame (keyframes wait for their window)', first, '');
  await browser.close();
  await demo.stop();
}
