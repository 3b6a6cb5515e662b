// Glass to glass through an echo, published by WHIP and watched by WHEP in one page: the demo's, and the same on
// aiortc. Both run all the time and are used by turns, so that they meet the same machine.
import { Browser, kinds } from './browsers.mjs';
import { DemoEcho, OtherEcho } from './echo.mjs';
import { glass } from './glass.mjs';

const ROUNDS = 3, SECONDS = 10;

for (const kind of Object.keys(kinds)) {
  const demo = await DemoEcho.start(), other = await OtherEcho.start();
  const browser = await Browser.launch(kind);
  const echoes = [[demo, []], [other, []]];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [echo, all] of echoes) {
      const tab = await browser.open(new URL('/', demo.url).href);
      await tab.expose('answers', (asked) => echo.answer(asked));
      const { ages, hidden } = await tab.evaluate(glass, { seconds: SECONDS });
      console.error(`  ${kind}: ${ages.length} pictures read, ${hidden} under the square`);
      all.push(...ages);
      await tab.close();
    }
  }
  for (const share of [0.5, 0.95]) {
    const [ours, bare] = echoes.map(([, ages]) => ages.sort((a, b) => a - b)[Math.floor(ages.length * share)]);
    console.log(`| 11 ${kind}, glass to glass through the echo (bare: aiortc's), p${share * 100} | ${ours} ms | ${bare} ms | ${(ours / bare).toFixed(2)} |  |`);
  }
  await browser.close();
  await demo.stop();
  await other.stop();
}
